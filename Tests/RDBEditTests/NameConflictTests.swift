import RDBEdit
import Testing

@Suite struct NameConflictTests {
  @Test("the choices have the names that the command uses")
  func names() {
    #expect(NameConflict.allCases.map(\.rawValue) == ["first", "last", "fail", "newest"])
  }
}
