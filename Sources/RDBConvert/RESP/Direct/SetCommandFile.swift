import RDB
import RDBSupport
import RESP

/// A file of commands that needs no replaying: it only sets strings, each key once, database by database. Its commands go
/// to a server as they are, in their order, which is that of the keys after replaying.
///
/// The output of ``write(to:)`` is that of a ``RESPSink`` with marks for the same keys.
package struct SetCommandFile {
  /// The conditions under which a file counts as such.
  package struct Conditions {
    /// The number of databases of a server with the default configuration, where a higher SELECT fails.
    package var databaseCount: UInt64 = 16
    /// The longest key or value, in bytes.
    package var stringByteCount: UInt64 = 1 << 30
    /// The memory for hashes of keys, in bytes.
    package var hashByteCount = 32 << 20

    package init() {}
  }

  /// The number of keys.
  package private(set) var keyCount: UInt64 = 0
  /// The number of commands, without a trailer.
  package private(set) var commandCount: UInt64 = 0
  /// Whether the file ends with a trailer, which fits it.
  package private(set) var isSealed = false

  private let open: () throws -> any ByteSource
  private let options: RESPOptions

  /// Reads a file once.
  ///
  /// - Parameters:
  ///   - options: The options of the sink that would write the commands.
  ///   - open: Opens the file from its beginning.
  ///   - measure: Called with each key.
  /// - Returns: `nil` if the file has other commands, or is damaged, or the target cannot take its commands as they are.
  /// - Throws: An error of the source.
  package init?(
    _ options: RESPOptions, _ conditions: Conditions = Conditions(), _ open: @escaping () throws -> any ByteSource,
    measure: ((_ keyByteCount: Int, _ value: RawSpan, _ expires: Bool) -> Void)? = nil
  ) throws {
    (self.options, self.open) = (options, open)
    let can = RESPAbilities(options.target, takesRestore: options.takesRestore)
    guard options.marksKeys, options.existing != .merge, options.restore != .always, can.setNX else { return nil }
    let limit = min(conditions.stringByteCount, options.bulkLimit)
    var seen = SeenHashes(byteCountLimit: conditions.hashByteCount)
    func accepts(_ number: UInt64) -> Bool {
      guard number < conditions.databaseCount else { return false }
      return options.singleDatabase ? number == 0 : (options.databaseMap[number] ?? number) < options.databaseCount
    }
    guard accepts(0) else { return nil }
    var database: UInt64 = 0
    var reader = SetCommandReader(try open())
    while true {
      switch try reader.next() {
      case .set(let expires):
        guard UInt64(reader.key.byteCount) <= limit, UInt64(reader.value.byteCount) <= limit, !expires || can.setPXAT,
          seen.insert(StableHash.hash(reader.key, seed: database &* 0x9E37_79B9_7F4A_7C15)) == .new
        else { return nil }
        keyCount += 1
        measure?(reader.key.byteCount, reader.value, expires)
      case .select(let number):
        guard accepts(number), number >= database else { return nil }
        database = number
      case .trailer(let trailer):
        guard trailer.keys == keyCount, trailer.commands == commandCount, trailer.bytes == reader.offset,
          case .end = try reader.next()
        else { return nil }
        isSealed = true
        return
      case .end: return
      case .other: return nil
      }
      commandCount += 1
    }
  }

  /// The size from which output is passed on, in bytes.
  private static let pieceByteCount = 64 << 10

  /// Reads the file once more, and writes its commands with marks.
  ///
  /// - Parameter progress: Gets the number of bytes that were read.
  /// - Throws: An error of the source or of the destination; ``RDBError`` (`corruptRESP`) if the file was changed.
  package func write(to destination: any ByteDestination, _ progress: ByteCounter) throws {
    let keeps = options.existing == .keep
    var reader = SetCommandReader(try open())
    var output = ByteBuffer(capacity: 2 * Self.pieceByteCount)
    var remaining = keyCount
    select(0, &output)
    while true {
      switch try reader.next() {
      case .set(let expires):
        guard remaining > 0 else { throw changed(reader.offset) }
        remaining -= 1
        output.append("@k")
        output.append(reader.arguments.extracting(first: RESPText.bulkByteCount(reader.key.byteCount)))
        let head: StaticString = keeps ? (expires ? "*6\r\n" : "*4\r\n") : (expires ? "*5\r\n" : "*3\r\n")
        output.append(head)
        output.append("$3\r\nSET\r\n")
        if reader.arguments.byteCount < Self.pieceByteCount {
          output.append(reader.arguments)
        } else {
          try destination.write(output.bytes, followedBy: reader.arguments)
          output.removeAll()
        }
        if keeps { output.append("$2\r\nNX\r\n") }
      case .select(let number): select(number, &output)
      case .trailer, .end:
        guard remaining == 0 else { throw changed(reader.offset) }
        return try destination.write(output.bytes, followedBy: RawSpan())
      case .other: throw changed(reader.offset)
      }
      if output.count >= Self.pieceByteCount {
        progress.set(reader.offset)
        try destination.write(output.bytes, followedBy: RawSpan())
        output.removeAll()
      }
    }
  }

  private func select(_ number: UInt64, _ output: inout ByteBuffer) {
    guard !options.singleDatabase else { return }
    output.append(RESPText.command("SELECT", "\(options.databaseMap[number] ?? number)").span.bytes)
  }

  private func changed(_ offset: UInt64) -> RDBError {
    RDBError(
      .corruptRESP, at: Int(clamping: offset), expected: "the commands that were there at the first reading",
      found: "others")
  }
}
