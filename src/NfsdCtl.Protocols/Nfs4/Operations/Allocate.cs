using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7862 §15.1: reserves room for a range of the current file.</summary>
internal static class Allocate
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply) =>
        RangeChange.Execute(compound, ref arguments, static (c, offset, length) => c.Files.Allocate(c.File, offset, length, out _));
}
