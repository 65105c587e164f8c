import RDB
import Testing

@Suite("A ledger")
struct LedgerTests {
  @Test("Lists losses and notes in an order that does not depend on who found them, with the first ten names of each")
  func lists() {
    var (one, other) = (Ledger(), Ledger())
    for number in 0..<15 {
      let offset = 100 - number
      if number % 2 == 0 {
        one.lose(.key, "why", key: [UInt8(number)], offset: offset)
      } else {
        other.lose(.key, "why", key: [UInt8(number)], offset: offset)
      }
    }
    one.lose(.element, "b", count: 3)
    other.lose(.element, "a", count: 2)
    one.note("z", count: 4)
    other.note("y", key: [7], offset: 9)
    var (sum, reverse) = (one, other)
    sum.merge(other)
    reverse.merge(one)
    #expect(sum == reverse && sum.hasLosses && !Ledger().hasLosses)
    #expect(sum.losses.map(\.why) == ["a", "b", "why"])
    #expect(sum.losses.map(\.count) == [2, 3, 15])
    #expect(sum.losses[2].samples.map(\.offset) == Array(86...95) && sum.losses[2].samples[0].name == [14])
    #expect(sum.notes.map(\.what) == ["y", "z"] && sum.notes.map(\.count) == [1, 4])
    #expect(sum.notes[0].samples.map(\.offset) == [9])
  }
}
