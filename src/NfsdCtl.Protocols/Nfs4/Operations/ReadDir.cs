using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.Protocols.Nfs4.Pseudo;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.23: the names of a directory with the attributes that were asked for.</summary>
internal static class ReadDir
{
    /// <summary>Behind the last entry: FALSE and eof.</summary>
    private const int Tail = 2 * sizeof(uint);

    /// <summary>In front of an entry's name: TRUE, its cookie and the name's length.</summary>
    private const int EntryHead = 16;

    /// <summary>0 begins; 1 and 2 stand for the directory and its parent, which are never listed.</summary>
    private const ulong FirstCookie = 3;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        ulong cookie = arguments.U64();
        arguments.U64();
        // dircount is a hint, and maxcount bounds the names as well.
        arguments.U32();
        uint maxcount = arguments.U32();
        var wanted = AttributeSet.Read(ref arguments);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        if (compound.Current.Type != FileType.Directory)
            return nfsstat4.NFS4ERR_NOTDIR;
        if (cookie is > 0 and < FirstCookie)
            return nfsstat4.NFS4ERR_BAD_COOKIE;
        var list = new EntryList(compound, maxcount, ref reply);
        return compound.Current.Pseudo is { } node
            ? ListPseudo(compound, node, cookie, wanted, list, ref reply)
            : ListFiles(compound, cookie, wanted, list, ref reply);
    }

    private static nfsstat4 ListFiles(Compound compound, ulong cookie, AttributeSet wanted, EntryList list, ref XdrWriter reply)
    {
        var status = compound.Files.ReadDirectory(compound.File, cookie, 0, out var reader, out _).ToNfs();
        if (status != nfsstat4.NFS4_OK)
            return status;
        try
        {
            for (; !reader.AtEnd; reader.Advance())
            {
                var entry = reader.Current;
                if (entry.Name is [(byte)'.'] or [(byte)'.', (byte)'.'])
                    continue;
                if (!list.Begin(compound, entry.Cookie, entry.Name, ref reply))
                    break;
                status = compound.Service.Attributes.EncodeEntry(compound, compound.Current, ref reader, wanted, ref reply);
                if (!list.End(compound, wanted, ref status, ref reply))
                    break;
            }
            if (status == nfsstat4.NFS4_OK)
                status = reader.Failure.ToNfs();
            return list.Close(compound, status, reader.IsComplete, ref reply);
        }
        finally
        {
            reader.Dispose();
        }
    }

    private static nfsstat4 ListPseudo(Compound compound, PseudoNode node, ulong cookie, AttributeSet wanted, EntryList list, ref XdrWriter reply)
    {
        var status = nfsstat4.NFS4_OK;
        bool more = false;
        while (compound.Service.Pseudo.Next(compound, node, ref cookie, out var name, out var file))
        {
            using (file)
            {
                more = !list.Begin(compound, cookie, name, ref reply);
                if (more)
                    break;
                status = compound.Service.Attributes.Encode(compound, file, wanted, ref reply);
            }
            more = !list.End(compound, wanted, ref status, ref reply);
            if (more)
                break;
        }
        return list.Close(compound, status, !more, ref reply);
    }

    /// <summary>A result under construction: the verifier, entries as long as they fit, the end.</summary>
    private struct EntryList
    {
        private readonly int start;
        private readonly int limit;
        private readonly bool limitIsSession;
        private int entry;
        private bool full;
        private int count;

        public EntryList(Compound compound, uint maxcount, ref XdrWriter reply)
        {
            start = reply.Position;
            int left = compound.Left(reply);
            int most = Math.Min(left, FileService.LargestTransfer);
            limit = start + (int)Math.Min(maxcount, (uint)most);
            limitIsSession = left < maxcount && left < FileService.LargestTransfer;
            // The cookies are the filesystem's own and stay good while the directory changes, so every verifier is as good.
            compound.Rpc.EnsureRoom(ref reply, 64);
            reply.U64(0);
        }

        /// <summary>False: there is no room for another entry, and the list ends before it.</summary>
        public bool Begin(Compound compound, ulong cookie, scoped ReadOnlySpan<byte> name, ref XdrWriter reply)
        {
            entry = reply.Position;
            int head = EntryHead + (name.Length + 3 & ~3);
            full = entry + head + Tail > limit;
            if (full)
                return false;
            compound.Rpc.EnsureRoom(ref reply, head + Tail);
            reply.Bool(true);
            reply.U64(cookie);
            reply.Opaque(name);
            return true;
        }

        /// <summary>The entry's attributes were written, or not. False: it is not in the list, and the list ends before it.</summary>
        public bool End(Compound compound, AttributeSet wanted, ref nfsstat4 status, ref XdrWriter reply)
        {
            bool asksForError = wanted.Has(Nfs4Constants.FATTR4_RDATTR_ERROR);
            if (status is nfsstat4.NFS4ERR_NOENT || (status == nfsstat4.NFS4ERR_STALE && !asksForError))
            {
                // Gone since the directory was read.
                reply.Position = entry;
                status = nfsstat4.NFS4_OK;
                return true;
            }
            if (status is nfsstat4.NFS4ERR_REP_TOO_BIG or nfsstat4.NFS4ERR_REP_TOO_BIG_TO_CACHE or nfsstat4.NFS4ERR_RESOURCE)
            {
                status = nfsstat4.NFS4_OK;
                full = true;
            }
            else if (status != nfsstat4.NFS4_OK && asksForError && status != nfsstat4.NFS4ERR_INVAL)
            {
                WriteError(compound, status, ref reply);
                status = nfsstat4.NFS4_OK;
            }
            full |= reply.Position + Tail > limit;
            if (status == nfsstat4.NFS4_OK && !full)
            {
                count++;
                return true;
            }
            reply.Position = entry;
            return false;
        }

        public readonly nfsstat4 Close(Compound compound, nfsstat4 status, bool atEnd, ref XdrWriter reply)
        {
            // Those that fit go out first; the failure is told when the client comes for the next.
            if (status != nfsstat4.NFS4_OK && count == 0)
                return status;
            if (start + sizeof(ulong) + Tail > limit || (count == 0 && full))
                return limitIsSession ? compound.TooBig : nfsstat4.NFS4ERR_TOOSMALL;
            compound.Rpc.EnsureRoom(ref reply, Tail);
            reply.Bool(false);
            reply.Bool(atEnd && !full);
            return nfsstat4.NFS4_OK;
        }

        /// <summary>RFC 8881 §5.8.1.12: in place of the attributes, why they cannot be had.</summary>
        private static void WriteError(Compound compound, nfsstat4 status, ref XdrWriter reply)
        {
            compound.Rpc.EnsureRoom(ref reply, 16 + Tail);
            AttributeSet.Of(Nfs4Constants.FATTR4_RDATTR_ERROR).Write(ref reply);
            reply.U32(sizeof(uint));
            reply.U32((uint)status);
        }
    }
}
