namespace NfsdCtl.AdminFs.Files;

/// <summary><c>supported_krb5_enctypes</c>: none, because exports are sec=sys only. The kernel's text has no newline.</summary>
internal sealed class KerberosEncryptionTypes() : ReportFile("supported_krb5_enctypes", "encryption types of Kerberos; empty: none is offered")
{
    protected override Answer Report() => Answer.Of("");
}
