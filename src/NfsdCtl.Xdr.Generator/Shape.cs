namespace NfsdCtl.Xdr.Generator;

/// <summary>
/// Refuses types that contain themselves. A linked list (RFC 4506 §4.19) is no such type: its node is read without its
/// link, and the list is walked. Without recursion the stack that a message needs is bounded by its description.
/// </summary>
internal sealed class Shape(List<Problem> problems)
{
    private readonly HashSet<RecordModel> done = [];
    private readonly HashSet<RecordModel> open = [];

    public void Check(IEnumerable<RecordModel> records)
    {
        foreach (var record in records)
            Visit(record, record.Place);
        if (problems.Count > 0)
            return;
        foreach (var record in done)
        {
            foreach (var field in record.Fields)
                CheckField(field);
        }
    }

    private void Visit(RecordModel record, Place place)
    {
        if (done.Contains(record))
            return;
        if (!open.Add(record))
        {
            problems.Add(new Problem(Rules.Recursion, place, $"{record.Name} contains itself; only a pointer to the next one as the last member is supported"));
            return;
        }
        foreach (var field in record.Fields)
        {
            if (Record(field.Type) is { } inner)
                Visit(inner, field.Place);
        }
        open.Remove(record);
        done.Add(record);
    }

    private static RecordModel? Record(XdrType type) => type switch
    {
        RecordType leaf => leaf.Record,
        ArrayType array => Record(array.Element),
        OptionalType optional => Record(optional.Element),
        _ => null,
    };

    private void CheckField(Field field)
    {
        if (Record(field.Type) is { IsListNode: true } node && field.Type is not OptionalType)
            problems.Add(new Problem(Rules.Recursion, field.Place, $"{node.Name} is the node of a linked list and can only be pointed to"));
        // Elements of no size would let four bytes ask for four thousand million rounds.
        if (field.Type is ArrayType { Element.MinSize: 0 })
            problems.Add(new Problem(Rules.Unsupported, field.Place, $"{field.Name} is an array of elements that may be empty"));
    }
}
