import RDBConvert
import RDBSupport
import TestSupport
import Testing

@Suite("Temporary names")
struct TemporaryNameTests {
  @Test("Begin with the name of the key, have its hash slot, and differ by key and attempt")
  func names() {
    var random = SeededGenerator(seed: 1)
    var keys = ["", "k", "session:1", "{a}b", "a{b}c", "{}", "a{}{b}", "{a", "a}", "}{", "a{b", "{{a}}"].map {
      Array($0.utf8)
    }
    for count in [1, 2, 3, 10, 100, 1000] {
      keys.append((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    let slots = HashSlots()
    var seen: Set<[UInt8]> = []
    for key in keys {
      for attempt: UInt8 in [0, 1, 0x9F, TemporaryName.unusedAttempt] {
        let name = TemporaryName.of(key, attempt: attempt)
        #expect(name.starts(with: key))
        #expect(slots.slot(of: name.span.bytes) == slots.slot(of: key.span.bytes))
        #expect(seen.insert(name).inserted)
        let range = TemporaryName.variableRange(of: name)
        let first = TemporaryName.of(key)
        #expect(name.count == first.count && name[..<range.lowerBound] == first[..<range.lowerBound])
      }
    }
  }
}
