import RDB
import RDBFormat
import RDBSupport
import RESP

/// A counter of commands by name, which also computes the checksum of all bytes before a trailer.
struct CommandCounter: RESPCommandHandler {
  private var names: [[UInt8]: UInt64] = [:]
  private(set) var commandCount: UInt64 = 0
  /// The trailer, if the last command has one.
  private(set) var trailer: RESPTrailer?
  private(set) var trailerOffset: UInt64 = 0

  /// The name of the current command and, for ECHO, its text.
  private var name: [UInt8] = []
  private var text: [UInt8] = []
  private var argument = 0
  private var argumentCount = 0
  private var offset: UInt64 = 0
  /// Whether the header of the current command has been read.
  private var hasHeader = false

  /// The checksum of all bytes before the offset `settled`. Bytes of earlier chunks from this offset on are in `kept`.
  private var checksum = CRC64()
  private var settled: UInt64 = 0
  private var kept: [UInt8] = []
  /// The checksum of all bytes before the last ECHO.
  private(set) var checksumBeforeEcho: UInt64 = 0
  /// The offset of the last ECHO whose text begins in the current chunk.
  private var echoOffset: UInt64?

  private static let nameLimit = 64
  private static let textLimit = 256

  var commands: [String: UInt64] {
    var table: [String: UInt64] = [:]
    for (name, count) in names { table[String(decoding: name, as: UTF8.self).uppercased(), default: 0] += count }
    return table
  }

  /// Updates the checksum at the end of a chunk.
  ///
  /// Keeps the bytes of an incomplete command while the command can still be ECHO. There are only a few of them.
  ///
  /// - Parameters:
  ///   - chunk: The bytes of the chunk.
  ///   - chunkOffset: The offset of the chunk in the file.
  ///   - commandOffset: The offset of the incomplete command; `nil` if the chunk ends after a whole command.
  mutating func endChunk(_ chunk: RawSpan, at chunkOffset: UInt64, commandOffset: UInt64?) {
    let end = chunkOffset + UInt64(chunk.byteCount)
    if let offset = echoOffset {
      settle(offset, chunk, at: chunkOffset)
      checksumBeforeEcho = checksum.value
      echoOffset = nil
    }
    let isDecided = hasHeader && (argument > 0 || name.count > 4)
    settle(isDecided ? end : commandOffset ?? end, chunk, at: chunkOffset)
    if settled < end {
      let from = settled > chunkOffset ? Int(settled - chunkOffset) : 0
      kept.append(chunk.extracting(droppingFirst: from))
    }
  }

  /// Advances the checksum to an offset in the kept bytes or in the chunk.
  private mutating func settle(_ target: UInt64, _ chunk: RawSpan, at chunkOffset: UInt64) {
    guard target > settled else { return }
    if !kept.isEmpty {
      let count = min(kept.count, Int(target - settled))
      var advanced = checksum
      advanced.update(kept.span.bytes.extracting(first: count))
      checksum = advanced
      kept.removeFirst(count)
      settled += UInt64(count)
    }
    guard target > settled else { return }
    let from = Int(settled - chunkOffset)
    checksum.update(chunk.extracting(from..<from + Int(target - settled)))
    settled = target
  }

  mutating func beginCommand(argumentCount: Int, offset: UInt64) {
    if trailer != nil {
      // Only the last command can be the trailer, so this ECHO is an ordinary command.
      count(Array("ECHO".utf8))
      trailer = nil
    }
    hasHeader = true
    name.removeAll(keepingCapacity: true)
    text.removeAll(keepingCapacity: true)
    argument = 0
    self.argumentCount = argumentCount
    self.offset = offset
  }

  mutating func beginArgument(_ index: Int, byteCount: Int) {
    argument = index
    if index == 1, name.elementsEqual("ECHO".utf8) {
      echoOffset = offset
    }
  }

  mutating func argumentBytes(_ bytes: RawSpan) {
    if argument == 0 {
      append(bytes, to: &name, limit: Self.nameLimit)
    } else if argument == 1, name.elementsEqual("ECHO".utf8) {
      append(bytes, to: &text, limit: Self.textLimit)
    }
  }

  mutating func endCommand(end: UInt64) {
    if argumentCount == 2, name.elementsEqual("ECHO".utf8),
      let trailer = RESPTrailer(String(decoding: text, as: UTF8.self))
    {
      self.trailer = trailer
      trailerOffset = offset
    } else {
      count(name)
    }
    hasHeader = false
  }

  private mutating func count(_ name: [UInt8]) {
    commandCount += 1
    if let count = names[name] {
      names[name] = count + 1
    } else {
      names[names.count < 256 ? name : Array("…".utf8), default: 0] += 1
    }
  }

  private func append(_ bytes: RawSpan, to array: inout [UInt8], limit: Int) {
    let count = min(bytes.byteCount, limit - array.count)
    if count > 0 { array.append(bytes.extracting(first: count)) }
  }
}
