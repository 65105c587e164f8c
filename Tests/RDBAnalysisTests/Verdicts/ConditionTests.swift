import Foundation
import RDBFormat
import TestSupport
import Testing

@Suite("Crafted inputs and their documented verdicts", .serialized)
struct ConditionTests {
  @Test("Have a row each, in their order, with the verdict of this package")
  func rows() throws {
    let rows = VerdictRow.documented
    #expect(rows.map(\.name) == Condition.all.map(\.name))
    #expect(Set(rows.map(\.name)).count == rows.count)
    for (condition, row) in zip(Condition.all, rows) {
      let now = try VerdictRow(condition, loading: row.loading, restoring: row.restoring)
      #expect(row == now)
    }
  }

  @Test(
    "Are refused by a server where this package refuses them, or have a reason; and pass where all servers load them")
  func explained() {
    for row in VerdictRow.documented where !row.isExplained { Issue.record("\(row.text)") }
  }

  @Test("Cover every code of an error in a snapshot")
  func codes() {
    let codes: [RDBError.Code] = [
      .truncated, .notRDB, .unsupportedVersion, .unknownValueType, .unsupportedValueType, .badLength, .badString,
      .corruptLZF, .corruptListpack, .corruptZiplist, .corruptIntset, .corruptZipmap, .corruptQuicklist, .corruptStream,
      .corruptModule, .corruptArray, .corruptHashTemplate, .corruptHash, .badScore, .corruptOpcode, .duplicateMember,
      .checksumMismatch,
    ]
    let found = Set(VerdictRow.documented.map(\.own))
    for code in codes where !found.contains(code.description) { Issue.record("\(code)") }
  }

  @Test("Get the documented answer to RESTORE", arguments: LiveServer.Kind.allCases)
  func restoring(_ kind: LiveServer.Kind) throws {
    let words = try Self.restoring(kind)
    for (row, word) in zip(VerdictRow.documented, words) {
      #expect(row.restoring[kind.column] == word, "\(row.name)")
    }
  }

  @Test("Are loaded or refused as documented at the start of a server", arguments: LiveServer.Kind.allCases)
  func loading(_ kind: LiveServer.Kind) throws {
    // Each input takes a start of a server.
    let step = TestExtent.current == .sample ? 12 : isDeep ? 1 : 3
    let numbers = stride(from: kind.column, to: Condition.all.count, by: step).map { $0 }
    let words = try Self.loading(kind, numbers)
    for (number, word) in zip(numbers, words) {
      let row = VerdictRow.documented[number]
      #expect(row.loading[kind.column] == word, "\(row.name)")
    }
  }

  @Test("Are written to the file that RDB_TEST_WRITE_VERDICTS names, for scripts/update-verdicts.sh")
  func write() throws {
    guard let path = ProcessInfo.processInfo.environment["RDB_TEST_WRITE_VERDICTS"] else { return }
    let all = Array(Condition.all.indices)
    // The starts of servers take minutes: RDB_TEST_KEEP_LOADING=1 keeps the documented answers.
    let keepsLoading = ProcessInfo.processInfo.environment["RDB_TEST_KEEP_LOADING"] == "1"
    let loading = try LiveServer.Kind.allCases.map { kind in
      keepsLoading ? VerdictRow.documented.map { $0.loading[kind.column] } : try Self.loading(kind, all)
    }
    let restoring = try LiveServer.Kind.allCases.map { try Self.restoring($0) }
    var text = "| Input | Loading | RESTORE | This package | Reason |\n| --- | --- | --- | --- | --- |\n"
    for (number, condition) in Condition.all.enumerated() {
      let row = try VerdictRow(condition, loading: loading.map { $0[number] }, restoring: restoring.map { $0[number] })
      text += row.text + "\n"
    }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  private static func restoring(_ kind: LiveServer.Kind) throws -> [String] {
    let server = try ServerVerdicts(kind)
    defer { server.stop() }
    var verdicts = try server.verdicts(on: Condition.all.compactMap(\.value))[...]
    return Condition.all.map { $0.value == nil ? "-" : verdicts.removeFirst().word }
  }

  private static func loading(_ kind: LiveServer.Kind, _ numbers: [Int]) throws -> [String] {
    try numbers.map { number in
      let condition = Condition.all[number]
      if let value = condition.value, value.valueType?.data != .module, !kind.knows(value) { return "-" }
      return try LoadTrial(kind, dump: condition.file).word
    }
  }
}

extension LiveServer.Kind {
  /// The index of the server in a row of the documentation.
  fileprivate var column: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
