import RDBFormat
import RDBFiltering
import RDBRegex
import RDBSupport

/// What an error means for the exit code, and what to do next.
extension RDBError {
  /// The one place that knows which error ends the process how.
  func exitCode(isOutput: Bool) -> ExitCode {
    switch code {
    case .outputClosed: .outputClosed
    case .io: .ioError
    case .refused, .patternTooCostly: .usage
    // Readers catch this one.
    case .stop: .bug
    default: .damaged
    }
  }

  /// The failure to end with.
  ///
  /// - Parameters:
  ///   - name: The file it happened in, as messages call it.
  ///   - isOutput: It happened while writing.
  func failure(in name: String, isOutput: Bool = false) -> Failure {
    let exit = exitCode(isOutput: isOutput)
    if exit == .outputClosed { return Failure(exit, nil) }
    return Failure(exit, "\(name): \(sentence)", hint: hint)
  }

  private var sentence: String {
    switch code {
    case .io where systemError != nil:
      // "write to succeed": what was expected says which call it was.
      let call = expected.hasSuffix(" to succeed") ? String(expected.dropLast(11)) : expected
      return "cannot \(call)\(offset > 0 ? " at offset \(offset)" : ""): \(found)"
    case .refused: return "expected \(expected), found \(found)"
    default: return description
    }
  }

  private var hint: String? {
    switch code {
    case .truncated:
      "The file is cut: copy it again, or have the server write a new one (BGSAVE)."
    case .notRDB:
      "Give the file that the server writes, dump.rdb by default; it may be compressed."
    case .unknownValueType: "Either the file is damaged, or a newer server wrote it."
    case .unsupportedValueType: "Only the server that wrote the file can load it."
    case .checksumMismatch:
      "Some byte was changed after the file was written; --ignore-checksum does not look."
    case .trailingBytes:
      "Something was appended to the file; what stands before is a whole snapshot."
    case .corruptCompression: "The compressed file is cut or damaged: copy it again."
    case .io where systemError == ENOSPC: "Make room, or write elsewhere with -o."
    // Their messages say it all.
    case .io, .refused, .valueTooLarge, .stringTooLong, .unsupportedVersion, .patternTooCostly: nil
    default:
      "The file is damaged. What stands before is kept with -o FILE --keep-partial."
    }
  }
}

extension Failure {
  /// The lines for standard error.
  var text: String {
    guard let message else { return "" }
    return "rdb: \(message)\n" + (hint.map { "\($0)\n" } ?? "")
  }
}
