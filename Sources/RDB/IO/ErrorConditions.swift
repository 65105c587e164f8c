import RDBSupport
public import RDBFormat

extension RDBError {
  /// The error of a system call that has just failed.
  ///
  /// - Parameters:
  ///   - name: The name of the call, as a verb: `open`, `read`.
  ///   - offset: The offset in the file, in bytes.
  ///   - path: The path of the file, if it is known.
  @inline(never)
  package static func system(_ name: String, offset: Int, path: String? = nil) -> RDBError {
    let number = errno
    return RDBError(
      number == EPIPE ? .outputClosed : .io, at: offset, expected: "\(name) to succeed",
      found: String(cString: strerror(number)), systemError: number, path: path)
  }

  /// The error that a reader throws for an error of a source or a destination.
  ///
  /// - Returns: `error` itself if it is an ``RDBError``, else an error of code `io` whose
  ///   ``RDBError/underlying`` is `error`.
  @inline(never)
  @usableFromInline
  package static func transfer(_ name: String, _ error: any Error, at offset: Int) -> RDBError {
    if let error = error as? RDBError { return error }
    return RDBError(
      .io, at: offset, expected: "\(name) to succeed", found: "\(error)", underlying: error)
  }
}
