namespace System.Runtime.CompilerServices;

/// <summary>Lets records compile for netstandard2.0, which compilers require of generators.</summary>
internal static class IsExternalInit;
