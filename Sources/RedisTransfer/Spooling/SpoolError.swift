import RDBSupport

/// An error of a spool.
package enum SpoolError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file could not be written or read, for example because the disk is full.
  case storage(SystemError, folder: String)
  /// The reader does not want any more bytes.
  case cancelled

  /// Whether the disk is full.
  package var isDiskFull: Bool {
    if case .storage(let error, _) = self { return error.code == ENOSPC || error.code == EDQUOT }
    return false
  }

  package var description: String {
    switch self {
    case .storage(let error, let folder):
      let reason =
        error.code == 0 ? "the file is shorter than it was" : String(cString: strerror(error.code)).lowercased()
      return "cannot keep bytes in \(printable(Array(folder.utf8))): \(reason)"
    case .cancelled: return "the spool was cancelled"
    }
  }
}
