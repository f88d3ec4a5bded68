using System.Runtime.InteropServices;

namespace NfsdCtl.Linux;

/// <summary>Users and groups of this host, by name and by number, as its name service knows them (nsswitch.conf(5)). May block.</summary>
public static unsafe partial class Names
{
    private const int Room = 16 * 1024;

    /// <summary>The number of a user or group; null when there is none of that name.</summary>
    public static uint? IdOf(string name, bool isGroup)
    {
        byte* room = stackalloc byte[Room];
        PasswordEntry user = default;
        GroupEntry group = default;
        void* found = null;
        int error = isGroup
            ? GetGroupByName(name, &group, room, Room, &found)
            : GetUserByName(name, &user, room, Room, &found);
        return error != 0 || found is null ? null : isGroup ? group.Gid : user.Uid;
    }

    /// <summary>The name of a user or group; null when there is none of that number.</summary>
    public static string? NameOf(uint id, bool isGroup)
    {
        byte* room = stackalloc byte[Room];
        PasswordEntry user = default;
        GroupEntry group = default;
        void* found = null;
        int error = isGroup
            ? GetGroupById(id, &group, room, Room, &found)
            : GetUserById(id, &user, room, Room, &found);
        return error != 0 || found is null ? null : Marshal.PtrToStringUTF8((nint)(isGroup ? group.Name : user.Name));
    }

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetUserByName(string name, PasswordEntry* entry, byte* room, nuint size, void** found);

    [LibraryImport("libc", EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetGroupByName(string name, GroupEntry* entry, byte* room, nuint size, void** found);

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    private static partial int GetUserById(uint uid, PasswordEntry* entry, byte* room, nuint size, void** found);

    [LibraryImport("libc", EntryPoint = "getgrgid_r")]
    private static partial int GetGroupById(uint gid, GroupEntry* entry, byte* room, nuint size, void** found);

    /// <summary>struct passwd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PasswordEntry
    {
        public byte* Name;
        public byte* Password;
        public uint Uid;
        public uint Gid;
        public byte* Comment;
        public byte* Home;
        public byte* Shell;
    }

    /// <summary>struct group.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct GroupEntry
    {
        public byte* Name;
        public byte* Password;
        public uint Gid;
        public byte** Members;
    }
}
