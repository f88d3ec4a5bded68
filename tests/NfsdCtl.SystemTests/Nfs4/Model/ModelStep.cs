using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.SystemTests.Nfs4.Model;

/// <summary>What a step of a random compound does.</summary>
internal enum ModelAction
{
    PutRoot,
    PutKnown,
    GetFh,
    Lookup,
    LookupP,
    MakeDirectory,
    MakeLink,
    OpenNew,
    OpenGuarded,
    OpenOld,
    Close,
    GetAttr,
    SetMode,
    SetSize,
    Write,
    Read,
    Remove,
    Rename,
    Link,
    ReadLink,
    ReadDir,
    SaveFh,
    RestoreFh,
    VerifySize,
    NVerifySize,
}

/// <summary>One generated operation; what the numbers mean depends on the action.</summary>
internal readonly record struct ModelStep(ModelAction Action, int A, int B);

/// <summary>Checks the body of a result against the model.</summary>
internal delegate void ResultCheck(ref XdrReader body);

/// <summary>An operation as it is sent, and what has to come back.</summary>
/// <param name="Body">Null: nothing is behind the status.</param>
internal sealed record ModelOperation(nfs_opnum4 Number, OperationArguments? Arguments, nfsstat4 Status, ResultCheck? Body = null);
