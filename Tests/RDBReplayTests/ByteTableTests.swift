import RDBReplay
import Testing

@Suite struct ByteTableTests {
  @Test func aTableHoldsWhatADictionaryHoldsInTheOrderOfInsertion() {
    var table = ByteTable<Int>()
    var expected: [(key: [UInt8], value: Int)] = []
    var random: UInt64 = 42
    for step in 0..<20_000 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let key = Array("key \(random >> 56)".utf8)
      let index = expected.firstIndex { $0.key == key }
      if random >> 20 & 3 == 0 {
        #expect(table.remove(key) == index.map { expected[$0].value })
        if let index { expected.remove(at: index) }
      } else {
        #expect(table.set(key, step) == index.map { expected[$0].value })
        if let index { expected[index].value = step } else { expected.append((key, step)) }
      }
      #expect(table.count == expected.count)
    }
    #expect(table.keys == expected.map(\.key))
    #expect(table.keyByteCount == expected.reduce(0) { $0 + $1.key.count })
    for (key, value) in expected { #expect(table[key] == value) }
  }
}
