/// A call that the operating system refused.
@usableFromInline package struct SystemError: Error, Hashable, Sendable {
  /// The failed call as a verb phrase: "write to a temporary file".
  package let action: String
  /// The file offset, in bytes, at which the call failed.
  package let offset: UInt64
  /// The value of `errno`; 0 if the file ended before the requested bytes.
  package let code: Int32

  /// Creates the description of a failed call.
  @inline(never)
  package init(_ action: String, offset: UInt64, code: Int32) {
    (self.action, self.offset, self.code) = (action, offset, code)
  }
}
