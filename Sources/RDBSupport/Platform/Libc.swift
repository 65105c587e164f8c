// The C library, which has a different name on each platform. Files of other targets that call it import
// `RDBSupport`; no product exports `RDBSupport`, so no user of the package sees these names.
#if canImport(Glibc)
  @_exported public import Glibc
#elseif canImport(Musl)
  @_exported public import Musl
#else
  @_exported public import Darwin
#endif
