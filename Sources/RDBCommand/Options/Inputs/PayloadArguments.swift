import ArgumentParser
import RDB
import RDBFormat
import RDBSupport

/// The option that reads a payload of DUMP instead of a snapshot.
struct PayloadArguments: ParsableArguments {
  @Flag(help: "The input is one value as DUMP gives it, raw or as redis-cli prints it.")
  var payload = false

  /// The name of the key that gets the value.
  static let keyName = Array("payload".utf8)
  /// The size of the largest payload, in bytes: the default limit of a server for one argument.
  private static let byteLimit = 512 << 20

  /// Opens the input.
  ///
  /// - Throws: ``Failure``.
  func open(_ input: InputOptions, _ reading: ReadingOptions, now: UnixMilliseconds = .now) throws -> InputFile {
    guard payload else { return try reading.open(input, now: now) }
    try reading.refusePart("a payload has no parts")
    var file = try reading.openAsIs(input.dump)
    do {
      guard let bytes = try file.source.contents(limit: Self.byteLimit) else {
        throw RDBError(
          .valueTooLarge, at: Self.byteLimit, expected: "a payload of at most \(Self.byteLimit) bytes",
          found: "a longer one")
      }
      file.source = MemorySource(try Self.snapshot(bytes), canSeek: false)
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: file.shownName)
    }
    return file
  }

  /// Returns a snapshot with the value of a payload. The payload is raw, raw with the newline that redis-cli adds, or
  /// quoted as redis-cli prints it on a terminal.
  private static func snapshot(_ bytes: [UInt8]) throws -> [UInt8] {
    var candidates = [bytes]
    if bytes.last == 10 { candidates.append(Array(bytes.dropLast())) }
    let line = bytes.last == 10 ? bytes.dropLast() : bytes[...]
    if line.count >= 2, line.first == 34, line.last == 34, let text = unescaped(Array(line.dropFirst().dropLast())) {
      candidates.insert(text, at: 0)
    }
    for candidate in candidates.dropLast() {
      if let payload = try? StoredValue(dump: candidate) { return try payload.snapshot(key: keyName) }
    }
    return try StoredValue(dump: candidates[candidates.count - 1]).snapshot(key: keyName)
  }
}
