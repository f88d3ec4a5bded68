namespace NfsdCtl.TestKit.Xdr;

/// <summary>What a word of a message is, apart from plain data.</summary>
public enum XdrMark
{
    /// <summary>The length of opaque data, a string or an array.</summary>
    Length,

    /// <summary>An enum, or a discriminant without default.</summary>
    Choice,

    Bool,
}

/// <summary>A word at <paramref name="Offset"/> that may hold 0..<paramref name="Limit"/>, or for a choice one of few values.</summary>
public readonly record struct XdrMarkedWord(int Offset, XdrMark Mark, long Limit);

/// <summary>A valid message, and its words that have bounds.</summary>
public sealed record XdrSample(byte[] Bytes, IReadOnlyList<XdrMarkedWord> Marks);
