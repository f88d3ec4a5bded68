using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7862 §15.4: makes a hole in the current file.</summary>
internal static class Deallocate
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply) =>
        RangeChange.Execute(compound, ref arguments, static (c, offset, length) => c.Files.Deallocate(c.File, offset, length, out _));
}
