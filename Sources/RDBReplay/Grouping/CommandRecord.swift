import RDB
import RDBFormat
import RDBSupport

/// A routed command as it waits in a temporary file.
struct CommandRecord {
  var database: UInt64
  /// The group of keys that must be replayed together.
  var group: UInt64
  /// The time from which relative expiries count.
  var now: UnixMilliseconds
  var command: ReplayCommand

  /// Appends the record to a file.
  func write(to stream: TemporaryStream, through buffer: inout ByteBuffer) throws {
    buffer.removeAll()
    buffer.append(littleEndian: database)
    buffer.append(littleEndian: group)
    buffer.append(littleEndian: now.value)
    buffer.append(littleEndian: command.offset)
    buffer.append(littleEndian: UInt64(command.part))
    buffer.append(littleEndian: UInt64(command.count))
    for argument in command.arguments {
      buffer.append(littleEndian: UInt64(argument.count))
      buffer.append(argument.span.bytes)
    }
    try stream.write(buffer.bytes, followedBy: RawSpan())
  }

  /// Reads the next record; `nil` at the end of the file.
  static func read(from reader: inout CommandRecordReader) throws -> CommandRecord? {
    guard let database = try reader.number(), let group = try reader.number(), let now = try reader.number(),
      let offset = try reader.number(), let part = try reader.number(), let argumentCount = try reader.number()
    else { return nil }
    var arguments: [[UInt8]] = []
    arguments.reserveCapacity(Int(argumentCount))
    for _ in 0..<argumentCount {
      guard let count = try reader.number(), let argument = try reader.bytes(Int(count)) else { return nil }
      arguments.append(argument)
    }
    return CommandRecord(
      database: database, group: group, now: UnixMilliseconds(Int64(bitPattern: now)),
      command: ReplayCommand(arguments, offset: offset, part: Int(part)))
  }
}

/// Reads records through a buffer.
struct CommandRecordReader {
  private let stream: TemporaryStream
  private var buffer: [UInt8]
  private var range = 0..<0

  init(_ stream: TemporaryStream) {
    self.stream = stream
    buffer = [UInt8](repeating: 0, count: 64 << 10)
  }

  /// The next 8 bytes as a number; `nil` if the file ends before them.
  mutating func number() throws -> UInt64? {
    guard range.count >= 8 else {
      guard let bytes = try bytes(8) else { return nil }
      return Self.number(bytes.span.bytes)
    }
    let start = range.lowerBound
    range = start + 8..<range.upperBound
    return Self.number(buffer.span.bytes.extracting(start..<start + 8))
  }

  private static func number(_ bytes: RawSpan) -> UInt64 {
    UInt64(littleEndian: bytes.unsafeLoadUnaligned(as: UInt64.self))
  }

  /// The next `count` bytes; `nil` if the file ends before them.
  mutating func bytes(_ count: Int) throws -> [UInt8]? {
    if range.count >= count {
      let start = range.lowerBound
      range = start + count..<range.upperBound
      return Array(buffer[start..<start + count])
    }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    while result.count < count {
      if range.isEmpty {
        let filled = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
        if filled == 0 { return nil }
        range = 0..<filled
      }
      let taken = min(range.count, count - result.count)
      result += buffer[range.lowerBound..<range.lowerBound + taken]
      range = range.lowerBound + taken..<range.upperBound
    }
    return result
  }
}
