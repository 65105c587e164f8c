import RDB
import RDBFormat
import RDBSupport

/// A check of the files of a log, each by itself.
package struct LogCheck: Sendable {
  /// The result for a file.
  package struct Part: Sendable {
    package let name: String?
    package let role: LogPart.Role
    /// The error that ends reading; `nil` if the file is whole.
    package let error: RDBError?
    /// The size of what precedes the error, up to the last whole command and transaction; without an error, of the file.
    package let wholeByteCount: UInt64
    /// The number of whole commands, MULTI and EXEC included.
    package let commandCount: UInt64
    /// The number of keys of the snapshot at the beginning; `nil` if there is none.
    package let snapshotKeyCount: UInt64?
    /// Remarkable things, the first 64 of them. A cut that the options allow is among them.
    package let notes: [LogNote]
  }

  package let parts: [Part]

  /// Whether every file is whole, or cut where the options allow it.
  package var isWhole: Bool { parts.allSatisfy { $0.error == nil } }

  /// Checks all files, also those that follow a damaged one.
  ///
  /// - Parameters:
  ///   - parts: The files in the order of loading.
  ///   - options: How they are read. Only the last file may be cut, if any; the stop point has no effect.
  package init(_ parts: [LogPart], _ options: LogOptions, progress: ByteCounter = ByteCounter()) {
    var options = options
    options.stop = nil
    let allowsTruncated = options.allowsTruncated
    self.parts = parts.enumerated().map { index, part in
      options.allowsTruncated = allowsTruncated && index == parts.count - 1
      return Self.check(part, CommandLog([part], options, progress: progress))
    }
  }

  private static func check(_ part: LogPart, _ log: CommandLog) -> Part {
    var commandCount: UInt64 = 0
    var snapshotKeyCount: UInt64?
    var error: RDBError?
    do {
      while let item = try log.next() {
        switch item {
        case .base(let source):
          var sink = CountingSink()
          defer { snapshotKeyCount = sink.count }
          var reader = RDBReader(source)
          try reader.read(into: &sink)
        case .command, .failure, .beginTransaction, .endTransaction: commandCount += 1
        case .beginPart, .time: break
        }
      }
    } catch let found {
      error = RDBError.transfer("read", found, at: 0)
    }
    let byteCount = error == nil ? log.byteCounts.last ?? 0 : log.wholeByteCount
    return Part(
      name: part.name, role: part.role, error: error, wholeByteCount: byteCount, commandCount: commandCount,
      snapshotKeyCount: snapshotKeyCount, notes: log.notes)
  }
}

/// Counts the keys of a snapshot, and validates their values.
private struct CountingSink: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  var count: UInt64 = 0

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    count += 1
    return .validate
  }
}
