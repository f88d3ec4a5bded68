namespace NfsdCtl.Wire.Xdr;

/// <summary>A type with one XDR form; every struct and union of an .x file is one.</summary>
public interface IXdrType<TSelf>
    where TSelf : struct, IXdrType<TSelf>, allows ref struct
{
    /// <summary>
    /// Reads a value. False, with an unspecified value, when the data are short, a length is over its bound or an enum or
    /// discriminant is undefined. The value may borrow from the reader's buffer. Allocates nothing.
    /// </summary>
    static abstract bool Read(scoped ref XdrReader r, out TSelf value);

    /// <summary>Writes the value. Lack of room is sticky in the writer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A field is longer than its bound allows.</exception>
    void Write(scoped ref XdrWriter w);
}
