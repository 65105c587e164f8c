import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import RESP
import TestSupport

/// What a conversion to RESP gave.
struct Converted: Equatable {
  var bytes: [UInt8] = []
  var summary = RESPSummary()
  var error: String?

  /// The commands, each as `redis-cli` would show it.
  var lines: [String] {
    var reader = RESPCommandReader()
    reader.feed(bytes.span.bytes)
    var lines: [String] = []
    while (try? reader.next()) == true {
      lines.append(
        (0..<reader.argumentCount).map { index in
          let argument = reader.argument(index).withUnsafeBytes { Array($0) }
          let isPlain = !argument.isEmpty && argument.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 }
          return isPlain ? String(decoding: argument, as: UTF8.self) : printable(argument, limit: .max)
        }.joined(separator: " "))
    }
    return lines
  }

  var losses: [String] {
    summary.ledger.lost.map { "\($0.key.loss.rawValue): \($0.key.why) ×\($0.value.count)" }.sorted()
  }

  var notes: [String] { summary.ledger.noted.map { "\($0.key) ×\($0.value.count)" }.sorted() }
}

/// Converts a snapshot.
///
/// - Parameter target: As `--target` takes it; `nil`: the server that wrote it.
func convert(
  _ bytes: [UInt8], target: String? = nil, threads: Int = 1, window: Int = 1 << 20,
  _ change: (inout RESPOptions) -> Void = { _ in }
) -> Converted {
  var result = Converted()
  let destination = MemoryDestination()
  do {
    var readerOptions = RDBReader.Options()
    readerOptions.windowByteCount = window
    readerOptions.ignoresChecksum = true
    var reader = RDBReader(MemorySource(bytes), options: readerOptions)
    let origin = try reader.origin()
    var options = RESPOptions(
      target: target.map { ServerVersion($0)! } ?? origin.assumedWriter)
    options.databaseCount = 1 << 32
    change(&options)
    let final = options
    result.summary = try reader.write(to: destination, threads: threads) { RESPSink(final, to: $0) }.summary
  } catch {
    result.error = "\(error)"
  }
  result.bytes = destination.bytes
  return result
}

/// Snapshots made by hand: a header, then records.
enum Bytes {
  static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }
  static func string(_ bytes: [UInt8]) -> [UInt8] { length(UInt64(bytes.count)) + bytes }
  static func length(_ value: UInt64) -> [UInt8] {
    if value < 64 { return [UInt8(value)] }
    if value < 16_384 { return [0x40 | UInt8(value >> 8), UInt8(value & 255)] }
    return [0x81] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }
  static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
  static func id(_ milliseconds: UInt64, _ sequence: UInt64) -> [UInt8] {
    withUnsafeBytes(of: milliseconds.bigEndian) { Array($0) }
      + withUnsafeBytes(of: sequence.bigEndian) { Array($0) }
  }
  static func expiry(_ milliseconds: Int64) -> [UInt8] { [252] + little(milliseconds) }
  static func database(_ number: UInt64) -> [UInt8] { [254] + length(number) }
  static func key(_ type: UInt8, _ name: String, _ value: [UInt8]) -> [UInt8] {
    [type] + string(name) + value
  }
  static func text(_ name: String, _ value: String) -> [UInt8] { key(0, name, string(value)) }
  static func list(_ name: String, _ elements: [String]) -> [UInt8] {
    key(1, name, length(UInt64(elements.count)) + elements.flatMap { string($0) })
  }
  static func hash(_ name: String, _ fields: [(String, String)]) -> [UInt8] {
    key(4, name, length(UInt64(fields.count)) + fields.flatMap { string($0.0) + string($0.1) })
  }
  /// Type 22 of Valkey: fields with expiries, −1 for none.
  static func hash2(_ name: String, _ fields: [(String, String, Int64)]) -> [UInt8] {
    key(22, name, length(UInt64(fields.count)) + fields.flatMap { string($0.0) + string($0.1) + little($0.2) })
  }
  static func snapshot(_ version: String = "REDIS0009", _ records: [UInt8]...) -> [UInt8] {
    Array(version.utf8) + records.flatMap { $0 } + [255] + [UInt8](repeating: 0, count: 8)
  }
}
