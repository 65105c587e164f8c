import RDB
import RDBFormat
import RDBSupport

/// Generates the keys of Spring Session: a hash and an expiry mark per session, and a set per minute with the sessions
/// that expire in it. Source: the documentation of `RedisIndexedSessionRepository` of Spring Session.
extension SnapshotGenerator {
  private static var minute: Int64 { 60_000 }
  /// The number of sessions per set.
  private static var sessionsPerMinute: UInt64 { 20 }

  func session(_ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText)
    throws(RDBError)
  {
    text.name.removeAll()
    text.name.append(key.row.namePrefix)
    switch key.row.shape {
    case .sessionHash:
      Self.appendUUID(key.ordinal, options.seed, to: &text.name)
      if options.profile.order == .inTurn {
        let end = minuteEnd(key.ordinal / Self.sessionsPerMinute)
        key.attributes.expiry = UnixMilliseconds(end + 5 * Self.minute)
      }
      try sessionHash(&key, &writer, &text)
    case .sessionExpires:
      Self.appendUUID(key.ordinal, options.seed, to: &text.name)
      let end = minuteEnd(key.ordinal / Self.sessionsPerMinute)
      key.attributes.expiry = UnixMilliseconds(
        end - Int64(key.random.below(UInt64(Self.minute))))
      text.value.removeAll()
      try writer.string(text.name.bytes, text.value.bytes, key.attributes)
    default:
      let end = minuteEnd(key.ordinal)
      text.name.reserve(DecimalText.maximumByteCount)
      text.name.advance(by: DecimalText.write(end, to: text.name.end))
      key.attributes.expiry = UnixMilliseconds(end + 5 * Self.minute)
      try sessionExpirations(key, &writer, &text)
    }
  }

  /// Returns the end of the minute in which the sessions of `set` expire.
  private func minuteEnd(_ set: UInt64) -> Int64 {
    (options.now.value / Self.minute + 2 + Int64(set)) * Self.minute
  }

  private func sessionHash(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText
  ) throws(RDBError) {
    let created = options.createdSeconds * 1000 - Int64(key.random.below(86_400_000 as UInt64))
    try writer.beginElements(text.name.bytes, .hash, count: 5, key.attributes)
    text.java.makeLong(created, into: &text.value)
    try field("creationTime", &writer, &text)
    text.java.makeLong(created + Int64(key.random.below(3_600_000 as UInt64)), into: &text.value)
    try field("lastAccessedTime", &writer, &text)
    text.java.makeInteger(1800, into: &text.value)
    try field("maxInactiveInterval", &writer, &text)
    text.java.makeContext(key.random.pick(key.row.valueBytes), into: &text.value, &key.random)
    try field("sessionAttr:SPRING_SECURITY_CONTEXT", &writer, &text)
    text.java.makeToken(into: &text.value, &key.random)
    try field(
      "sessionAttr:org.springframework.security.web.csrf.HttpSessionCsrfTokenRepository.CSRF_TOKEN",
      &writer, &text)
    try writer.endKey()
  }

  private func field(
    _ name: StaticString, _ writer: inout RDBWriter, _ text: inout ElementText
  ) throws(RDBError) {
    text.member.removeAll()
    text.member.append(name)
    try writer.hashField(text.member.bytes, value: text.value.bytes)
  }

  /// Writes a set of sessions. Its members are serialized strings, too.
  private func sessionExpirations(
    _ key: KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText
  ) throws(RDBError) {
    try writer.beginElements(
      text.name.bytes, .set, count: Self.sessionsPerMinute, key.attributes)
    let first = key.ordinal * Self.sessionsPerMinute
    for session in first..<first + Self.sessionsPerMinute {
      text.member.removeAll()
      text.member.append(littleEndian: (0xACED_0005 as UInt32).byteSwapped)
      text.member.append(0x74)
      text.member.append(littleEndian: (44 as UInt16).byteSwapped)
      text.member.append("expires:")
      Self.appendUUID(session, options.seed, to: &text.member)
      try writer.setMember(text.member.bytes)
    }
    try writer.endKey()
  }

  /// Appends the UUID of a session (version 4, RFC 9562), which is different for each number.
  private static func appendUUID(_ session: UInt64, _ seed: UInt64, to buffer: inout ByteBuffer) {
    let high = FastRandom.mix(session ^ FastRandom.mix(seed))
    let low = FastRandom.mix(high &+ 1)
    buffer.reserve(80)
    let digits = buffer.end + 40
    writeHex(high & ~0xF000 | 0x4000, to: digits)
    writeHex(low & ~(3 << 62) | 2 << 62, to: digits + 16)
    appendDigits(digits, 8, "-", to: &buffer)
    appendDigits(digits + 8, 4, "-", to: &buffer)
    appendDigits(digits + 12, 4, "-", to: &buffer)
    appendDigits(digits + 16, 4, "-", to: &buffer)
    appendDigits(digits + 20, 12, "", to: &buffer)
  }

  /// Appends digits from the unused part of the same buffer.
  private static func appendDigits(
    _ digits: UnsafeMutableRawPointer, _ count: Int, _ end: StaticString, to buffer: inout ByteBuffer
  ) {
    buffer.end.copyMemory(from: digits, byteCount: count)
    buffer.advance(by: count)
    buffer.append(end)
  }
}
