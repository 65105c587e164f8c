import RDBFormat
package import RDBSupport

extension RDBError {
  /// Creates an error of the code `io` from a call that the operating system refused.
  @inline(never)
  package init(_ error: SystemError) {
    self.init(
      .io, at: Int(clamping: error.offset), expected: "\(error.action) to succeed",
      found: error.code == 0 ? "the end of the file" : String(cString: strerror(error.code)),
      systemError: error.code == 0 ? nil : error.code)
  }
}

/// Performs an operation on temporary files.
///
/// - Throws: ``RDBError`` (`io`) instead of the ``SystemError`` that `body` throws.
package func convertingSystemErrors<Result: ~Copyable>(
  _ body: () throws(SystemError) -> Result
) throws(RDBError) -> Result {
  do throws(SystemError) { return try body() } catch { throw RDBError(error) }
}
