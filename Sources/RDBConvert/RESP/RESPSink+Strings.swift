public import RDB
import RDBFormat
import RDBSupport
public import RESP

/// The way of most keys of most files: a short string, set at once.
///
/// The command up to the name is written into the output's spare room when the key is announced; it
/// becomes part of the output with the value, if that is short too. So the name is copied once, and is
/// at hand if something is to be said of it.
extension RESPSink {
  /// Names and values below this length, each, take this way.
  @inlinable static var plainByteCount: Int { ByteOutput.directThreshold / 2 }

  /// - Returns: Whether the command's head is written.
  @inline(__always)
  mutating func beginPlainString(_ header: borrowing KeyHeader) throws(RDBError) -> Bool {
    let name = header.name
    guard header.database == lastDatabase, separators.state == separatorState,
      name.byteCount < min(Self.plainByteCount, bulkLimit)
    else { return false }
    var setsExpiry = false
    if let expiry = header.expiry {
      guard can.setPXAT, expiry.value > 0 else { return false }
      key.expiry = expiry.value
      setsExpiry = true
    }
    key.hasExpiry = setsExpiry
    key.plan = .commands
    key.idleSeconds = header.idleSeconds
    key.frequency = header.frequency
    try out.output.reserve(2 * ByteOutput.directThreshold)
    let place = out.output.spare.baseAddress.unsafelyUnwrapped
    let head: StaticString = setsExpiry ? "*5\r\n$3\r\nSET\r\n" : "*3\r\n$3\r\nSET\r\n"
    place.copyMemory(from: head.utf8Start, byteCount: Self.headTextByteCount)
    key.headByteCount =
      Self.headTextByteCount &+ RESPText.writeBulk(name, to: place + Self.headTextByteCount)
    return true
  }

  /// `*3`, `$3`, `SET` and their line ends.
  private static var headTextByteCount: Int { 13 }

  /// Ends the command with a value below ``plainByteCount``.
  @inlinable @inline(__always)
  mutating func endPlainString(_ value: RawSpan) {
    let place = out.output.spare.baseAddress.unsafelyUnwrapped
    var end = key.headByteCount
    end &+= RESPText.writeBulk(value, to: place + end)
    if key.hasExpiry {
      let option: StaticString = "$4\r\nPXAT\r\n"
      (place + end).copyMemory(from: option.utf8Start, byteCount: 10)
      end &+= 10
      end &+= RESPText.writeBulk(UInt64(bitPattern: key.expiry), to: place + end)
    }
    out.output.advance(uncheckedBy: end)
    out.commandCount &+= 1
    if key.idleSeconds != nil { notes.idle &+= 1 }
    if key.frequency != nil { notes.frequency &+= 1 }
    ledger.keysWritten &+= 1
    key.headByteCount = 0
  }

  /// Forgets the head: the value is too long to be copied. The key goes on as any other.
  @inline(never)
  mutating func leavePlainString() {
    let place = out.output.spare.baseAddress.unsafelyUnwrapped
    let bulk = UnsafeRawBufferPointer(
      start: place + Self.headTextByteCount, count: key.headByteCount - Self.headTextByteCount)
    name.set(bulk: bulk)
    let known = key
    key = KeyState()
    (key.plan, key.type, key.offset) = (known.plan, known.type, known.offset)
    (key.hasExpiry, key.expiry) = (known.hasExpiry, known.expiry)
    (key.idleSeconds, key.frequency) = (known.idleSeconds, known.frequency)
    if !restored.metadata.isEmpty { restored.metadata = [] }
  }
}
