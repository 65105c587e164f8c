import RDBFormat
import RDBSupport

/// The text buffers of the generator: the name of a key, a field or member, and a value.
struct ElementText: ~Copyable {
  var name = ByteBuffer(capacity: 128)
  var member = ByteBuffer(capacity: 128)
  var value = ByteBuffer(capacity: 4096)
  let java = JavaObjects()

  /// Makes the name of a key: a prefix, and 16 digits that are different for each number.
  mutating func makeName(_ prefix: StaticString, _ number: UInt64) {
    name.removeAll()
    name.append(prefix)
    name.reserve(16)
    writeHex(FastRandom.mix(number &+ 0x9E37_79B9_7F4A_7C15), to: name.end)
    name.advance(by: 16)
  }

  /// Makes a member: eight digits that are different for each number below 2³², then letters.
  mutating func makeMember(
    _ number: UInt64, base: UInt64, byteCount: Int, _ random: inout FastRandom
  ) {
    member.removeAll()
    member.reserve(max(byteCount, 8))
    let mixed = UInt32(truncatingIfNeeded: number &+ base) &* 0x9E37_79B1
    member.end.storeBytes(of: hexDigits(mixed ^ mixed >> 15), as: UInt64.self)
    if byteCount > 8 { random.fillLetters(member.end + 8, byteCount &- 8) }
    member.advance(by: max(byteCount, 8))
  }

  /// Makes the name of a field. The first sixteen are common words.
  mutating func makeFieldName(_ number: Int) {
    member.removeAll()
    member.append(fieldName(number & 15))
    if number > 15 { appendNumber(Int64(number)) }
  }

  private mutating func appendNumber(_ number: Int64) {
    member.reserve(DecimalText.maximumByteCount)
    member.advance(by: DecimalText.write(number, to: member.end))
  }

  private func fieldName(_ number: Int) -> StaticString {
    switch number {
    case 0: "id"
    case 1: "name"
    case 2: "email"
    case 3: "status"
    case 4: "created"
    case 5: "updated"
    case 6: "visits"
    case 7: "locale"
    case 8: "country"
    case 9: "phone"
    case 10: "plan"
    case 11: "balance"
    case 12: "referrer"
    case 13: "device"
    case 14: "timezone"
    default: "notes"
    }
  }

  /// Makes a value of a collection: one in four is an integer below a million, the others are letters.
  mutating func makeElement(_ byteCount: ClosedRange<Int>, _ random: inout FastRandom) {
    value.removeAll()
    if random.next() & 3 == 0 {
      value.reserve(DecimalText.maximumByteCount)
      let number = Int64(random.below(1_000_000 as UInt64))
      value.advance(by: DecimalText.write(number, to: value.end))
    } else {
      makeLetters(random.pick(byteCount), &random)
    }
  }

  mutating func makeLetters(_ byteCount: Int, _ random: inout FastRandom) {
    value.removeAll()
    value.reserve(byteCount)
    random.fillLetters(value.end, byteCount)
    value.advance(by: byteCount)
  }

  /// Makes the value of a string.
  mutating func makeValue(
    _ content: GenerationProfile.Content, _ byteCount: Int, _ random: inout FastRandom
  ) {
    switch content {
    case .bytes:
      value.removeAll()
      value.reserve(byteCount)
      random.fillBytes(value.end, byteCount)
      value.advance(by: byteCount)
    case .json: makeJSON(byteCount, &random)
    case .letters, .java, .none: makeLetters(byteCount, &random)
    }
  }

  /// Makes a JSON object of `byteCount` bytes: an array of similar objects, and a note that fills the rest.
  private mutating func makeJSON(_ byteCount: Int, _ random: inout FastRandom) {
    let item: StaticString = """
      {"id":"................","name":"........","email":"........@example.com",\
      "status":"active","tags":["red","green","blue"],"price":1....,"created":"2024-05-17T09:30:00Z"},
      """
    let end: StaticString = #""note":""#
    value.removeAll()
    value.reserve(byteCount + 256)
    value.append(#"{"items":["#)
    let size = item.utf8CodeUnitCount
    // After the last item: the bracket replaces its comma; then come a comma, the note, a quote and a brace.
    let room = byteCount - end.utf8CodeUnitCount - 3
    while value.count + size <= room {
      let start = value.end
      value.append(item)
      writeHex(random.next(), to: start + 7)
      random.fillLetters(start + 33, 8)
      (start + 52).copyMemory(from: start + 33, byteCount: 8)
      var price = 1000 + random.below(9000)
      for index in (0..<4).reversed() {
        start.storeBytes(
          of: UInt8(truncatingIfNeeded: 48 + price % 10), toByteOffset: 131 + index, as: UInt8.self)
        price /= 10
      }
    }
    if value.count > 10 {
      (value.end - 1).storeBytes(of: UInt8(ascii: "]"), as: UInt8.self)
    } else {
      value.append("]" as StaticString)
    }
    value.append("," as StaticString)
    value.append(end)
    let note = max(0, byteCount - value.count - 2)
    value.reserve(note + 2)
    random.fillLetters(value.end, note)
    value.advance(by: note)
    value.append(#""}"#)
  }
}
