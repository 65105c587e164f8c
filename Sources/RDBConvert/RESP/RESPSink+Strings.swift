public import RDB
import RDBFormat
import RDBSupport
public import RESP

/// The fast path for short strings, the most common keys. It writes no marks.
///
/// ``beginPlainString(_:)`` writes the command up to the name into the spare memory of the output. If the value is short
/// too, ``endPlainString(_:)`` completes the command; otherwise ``leavePlainString()`` discards it. So the name is copied
/// only once, and is available for the ledger.
extension RESPSink {
  /// The limit of the fast path, in bytes: the name and the value must each be shorter.
  @inlinable static var plainByteCount: Int { ByteOutput.directThreshold / 2 }

  /// Writes the start of the command, if the key allows the fast path.
  ///
  /// - Returns: Whether the key is on the fast path.
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
    let memory = out.output.spare.baseAddress.unsafelyUnwrapped
    let head: StaticString = setsExpiry ? "*5\r\n$3\r\nSET\r\n" : "*3\r\n$3\r\nSET\r\n"
    memory.copyMemory(from: head.utf8Start, byteCount: Self.headTextByteCount)
    key.headByteCount =
      Self.headTextByteCount &+ RESPText.writeBulk(name, to: memory + Self.headTextByteCount)
    return true
  }

  /// The byte count of `*3`, `$3`, `SET` and their line ends.
  private static var headTextByteCount: Int { 13 }

  /// Ends the command with a value shorter than ``plainByteCount``.
  @inlinable @inline(__always)
  mutating func endPlainString(_ value: RawSpan) {
    let memory = out.output.spare.baseAddress.unsafelyUnwrapped
    var end = key.headByteCount
    end &+= RESPText.writeBulk(value, to: memory + end)
    if key.hasExpiry {
      let option: StaticString = "$4\r\nPXAT\r\n"
      (memory + end).copyMemory(from: option.utf8Start, byteCount: 10)
      end &+= 10
      end &+= RESPText.writeBulk(UInt64(bitPattern: key.expiry), to: memory + end)
    }
    out.output.advance(uncheckedBy: end)
    out.commandCount &+= 1
    if key.idleSeconds != nil { notes.idle &+= 1 }
    if key.frequency != nil { notes.frequency &+= 1 }
    ledger.keysWritten &+= 1
    key.headByteCount = 0
  }

  /// Leaves the fast path, because the value is too long to be copied. Discards the start of the command.
  @inline(never)
  mutating func leavePlainString() {
    let memory = out.output.spare.baseAddress.unsafelyUnwrapped
    let bulk = UnsafeRawBufferPointer(
      start: memory + Self.headTextByteCount, count: key.headByteCount - Self.headTextByteCount)
    name.set(bulk: bulk)
    let known = key
    key = KeyState()
    (key.plan, key.type, key.offset) = (known.plan, known.type, known.offset)
    (key.hasExpiry, key.expiry) = (known.hasExpiry, known.expiry)
    (key.idleSeconds, key.frequency) = (known.idleSeconds, known.frequency)
    if !restored.metadata.isEmpty { restored.metadata = [] }
  }
}
