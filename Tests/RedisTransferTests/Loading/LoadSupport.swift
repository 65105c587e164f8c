import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import RESP
import RedisTransfer
import TestSupport

/// Returns the commands of a snapshot, with or without marks.
func commands(
  of snapshot: [UInt8], target: String? = nil, threads: Int = 1, marked: Bool,
  _ change: (inout RESPOptions) -> Void = { _ in }
) throws -> [UInt8] {
  let destination = MemoryDestination()
  var readerOptions = RDBReader.Options()
  readerOptions.ignoresChecksum = true
  var reader = RDBReader(MemorySource(snapshot), options: readerOptions)
  let writer = try reader.origin().assumedWriter
  var options = RESPOptions(target: target.map { ServerVersion($0)! } ?? writer)
  options.databaseCount = 1 << 32
  change(&options)
  options.marksKeys = marked
  let final = options
  _ = try reader.write(to: destination, threads: threads) { RESPSink(final, to: $0) }
  return destination.bytes
}

/// Cuts the output of a sink into units.
///
/// - Parameter pieces: The sizes of the pieces in which the cutter gets the output; the last one repeats.
func units(
  _ marked: [UInt8], limits: KeyCutter.Limits = KeyCutter.Limits(), skipping: UInt64 = 0, pieces: [Int] = [.max]
) throws -> [KeyUnit] {
  var units: [KeyUnit] = []
  let cutter = KeyCutter(limits: limits) { units.append($0) }
  cutter.resume(skipping: skipping)
  var (start, piece) = (0, 0)
  while start < marked.count {
    let size = pieces[min(piece, pieces.count - 1)]
    let end = start + min(size, marked.count - start)
    try cutter.write(Array(marked[start..<end]))
    (start, piece) = (end, piece + 1)
  }
  try cutter.finish()
  return units
}

extension KeyCutter.Limits {
  init(bytes: Int, commands: Int, piece: Int) {
    self.init()
    (byteCount, commandCount, pieceByteCount) = (bytes, commands, piece)
  }
}

extension [KeyUnit] {
  /// The commands of all keys in the order of the keys, with SELECT before each change of the database.
  var withSelects: [UInt8] {
    var parts: [(key: KeyUnit.Key, database: UInt64, bytes: ArraySlice<UInt8>)] = []
    for unit in self {
      for (index, key) in unit.keys.enumerated() {
        let end = index + 1 == unit.keys.count ? unit.bytes.count : unit.keys[index + 1].byteOffset
        parts.append((key, unit.database, unit.bytes[key.byteOffset..<end]))
      }
    }
    var bytes: [UInt8] = []
    var database: UInt64?
    for part in parts.inOrder(by: \.key.ordinal) {
      if part.key.subject == .key, part.database != database {
        bytes += RESPText.command("SELECT", "\(part.database)")
        database = part.database
      }
      bytes += part.bytes
    }
    return bytes
  }
}

extension Array {
  /// Sorts by a number; elements with the same number keep their order.
  func inOrder(by number: (Element) -> UInt64) -> [Element] {
    enumerated().sorted { (number($0.element), $0.offset) < (number($1.element), $1.offset) }.map(\.element)
  }
}

/// A command with the key that it belongs to, found in the marked output without a cutter.
struct MarkedCommand: Equatable {
  var key: [UInt8]
  var name: [UInt8]

  static func all(in marked: [UInt8]) -> [MarkedCommand] {
    var (commands, key, index): ([MarkedCommand], [UInt8], Int) = ([], [], 0)
    func number() -> Int {
      var value = 0
      index += 1
      while marked[index] != 13 {
        value = value * 10 + Int(marked[index]) - 48
        index += 1
      }
      index += 2
      return value
    }
    func bulk() -> [UInt8] {
      let count = number()
      index += count + 2
      return Array(marked[index - count - 2..<index - 2])
    }
    while index < marked.count {
      if marked[index] == RESPMark.byte {
        let subject = RESPMark(rawValue: marked[index + 1])
        index += 2
        let name = bulk()
        if subject != .publication { key = name }
      } else {
        let arguments = (0..<number()).map { _ in bulk() }
        if arguments[0] != Array("SELECT".utf8) { commands.append(MarkedCommand(key: key, name: arguments[0])) }
      }
    }
    return commands
  }
}
