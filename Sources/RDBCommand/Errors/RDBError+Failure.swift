import RDB
import RDBColumnar
import RDBCompression
import RDBEdit
import RDBFormat
import RDBFiltering
import RDBRegex
import RDBReplay
import RDBSupport
import RedisTransfer

/// The exit code and the message of a library's error.
extension RDBError {
  /// The exit code. Only this property maps errors to codes.
  package var exitCode: ExitCode {
    switch code {
    case .outputClosed: .outputClosed
    case .io: .ioError
    case .noLog: .noInput
    case .refused, .patternTooCostly: .usage
    // Readers catch `stop`, and the sinks of the command throw errors of the other codes.
    case .stop, .sink: .bug
    default: .damaged
    }
  }

  /// Returns the failure that ends the process.
  ///
  /// - Parameter name: The file that was read or written, as messages show it.
  func failure(in name: String) -> Failure {
    if exitCode == .outputClosed { return Failure(exitCode, nil) }
    // The server that is the input, or the output.
    if let error = underlying as? TransferError { return error.failure }
    return Failure(exitCode, "\(name): \(namingFlags.sentence)", hint: hint)
  }

  /// The same error, with flags instead of options of the API.
  private var namingFlags: RDBError {
    RDBError(
      code, at: offset, inner: innerOffset, expected: OptionFlags.naming(expected), found: found, key: key,
      database: database, valueType: valueType, systemError: systemError, missing: missing)
  }

  private var sentence: String {
    switch code {
    case .io where systemError != nil:
      // "write to succeed": `expected` names the system call.
      let call = expected.hasSuffix(" to succeed") ? String(expected.dropLast(11)) : expected
      return "cannot \(call)\(offset > 0 ? " at offset \(offset)" : ""): \(found)"
    case .refused, .noLog: return "expected \(expected), found \(found)"
    default: return description
    }
  }

  private var hint: String? {
    if FindingKind(rawValue: code.description) != nil {
      return "Some servers refuse this, and so does --untrusted. Without it, the key is converted as it is read."
    }
    return switch code {
    case .truncated:
      "The file is cut: copy it again, or have the server write a new one (BGSAVE)."
    case .notRDB:
      "Give the file that the server writes, dump.rdb by default; it may be compressed."
    case .unknownValueType: "Either the file is damaged, or a newer server wrote it."
    case .unsupportedValueType: "Only the server that wrote the file can load it."
    case .checksumMismatch:
      "A byte was changed after the file was written. --ignore-checksum skips this check."
    case .trailingBytes:
      "Something was appended to the file. The snapshot before it is whole."
    case .ratioTooHigh: "A snapshot hardly ever shrinks that much. If this one is yours, allow it with --max-ratio."
    case .corruptCompression: "The compressed file is cut or damaged: copy it again."
    case .notReplayed:
      "--engine redis-server has a private server replay the file; --skip-unknown leaves such commands out (a loss)."
    case .trailerMismatch: "The file was changed after it was written: rdb check compares its checksum."
    case .notGrouped: "Leave out --grouped: the file is then read twice if it is large."
    case .replayMemory: "Allow more with --max-memory."
    case .truncatedCommands:
      "The file is cut, as after a crash. --allow-truncated leaves out the last command or transaction, as servers do."
    case .corruptManifest, .corruptRESP:
      "rdb check shows what is whole. redis-check-aof --fix cuts a file before the damage."
    case .corruptParquet: "Give the folder that rdb parquet wrote, whole; rdb parquet DUMP -o FOLDER writes it again."
    case .corruptNodes: "Give the nodes.conf of a cluster node, or the reply of CLUSTER NODES."
    case .sink: "This is a bug in rdb: please report it."
    case .io where systemError == ENOSPC: "Free some space, or write elsewhere with -o."
    // Their messages are complete.
    case .io, .refused, .noLog, .valueTooLarge, .stringTooLong, .unsupportedVersion, .patternTooCostly: nil
    default:
      "The file is damaged. -o FILE --keep-partial keeps the output up to the damage."
    }
  }
}

extension Failure {
  /// The lines for standard error.
  var text: String {
    guard let message else { return "" }
    return hidingPasswords(in: "rdb: \(message)\n" + (hint.map { "\($0)\n" } ?? ""))
  }
}
