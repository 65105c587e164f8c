import RDB
import RDBFormat
import RDBReplay
import Testing

@Suite("Replaying the commands of lists")
struct ListCommandTests {
  @Test("Elements are pushed, moved and removed at both ends")
  func ends() throws {
    let harness = ReplayHarness()
    try harness.run(
      "RPUSH l c d", "LPUSH l b a", "LPUSHX none x", "RPUSHX l e", "LPOP l", "RPOP l 1", "LMOVE l m LEFT RIGHT",
      "RPOPLPUSH l m", "BLMOVE l l LEFT RIGHT 0")
    #expect(try harness.text("l") == #""c""#)
    #expect(try harness.text("m") == #""d" "b""#)
    try harness.run("BLPOP none l 0", "LMPOP 2 none m RIGHT COUNT 5")
    #expect(try harness.value("l") == nil)
    #expect(try harness.value("m") == nil)
  }

  @Test("LINSERT, LSET, LREM and LTRIM change elements by their values and indexes")
  func elements() throws {
    let harness = ReplayHarness()
    try harness.run(
      "RPUSH l a b a c a", "LINSERT l BEFORE b x", "LINSERT l AFTER c y", "LINSERT l AFTER none z", "LSET l -1 z")
    #expect(try harness.text("l") == #""a" "x" "b" "a" "c" "y" "z""#)
    try harness.run("LREM l -1 a", "LTRIM l 1 -2")
    #expect(try harness.text("l") == #""x" "b" "c" "y""#)
    try harness.run("LTRIM l 3 1")
    #expect(try harness.value("l") == nil)
  }

  @Test(
    "A command with wrong arguments fails and changes nothing",
    arguments: [
      "LPUSH h a", "LPOP l -1", "LPOP l 1 2", "LINSERT l MIDDLE a b", "LSET l 5 a", "LSET none 0 a", "LSET l x a",
      "LREM l x a",
      "LREM l -9223372036854775808 a", "LTRIM l 0 x", "LMOVE l m UP LEFT", "LMOVE l h LEFT LEFT", "BLPOP l x",
      "BLPOP l -1",
      "LMPOP 0 l LEFT", "LMPOP 2 l LEFT", "LMPOP 1 l LEFT COUNT 0", "LMPOP 1 h LEFT", "BLMPOP x 1 l LEFT",
    ])
  func failures(command: String) throws {
    let harness = ReplayHarness()
    try harness.run("RPUSH l a b", "HSET h f v")
    #expect(try harness.fails(command))
  }

  @Test("A list of more than 8 KiB is a quicklist, and becomes a listpack again below 4 KiB")
  func encodings() throws {
    let harness = ReplayHarness()
    let key = Array("l".utf8)
    for index in 100..<900 { try harness.run("RPUSH l element-\(index)") }
    #expect(harness.encodings() == [key: "quicklist"])
    try harness.run("LTRIM l 0 399")
    #expect(harness.encodings() == [key: "quicklist"])
    try harness.run("LTRIM l 0 200")
    #expect(harness.encodings() == [key: "listpack"])
  }

  @Test("A list keeps its elements in order while its nodes are split and merged")
  func nodes() throws {
    let harness = ReplayHarness(ServerVersion(.redis, 7, 0))
    var expected: [String] = []
    for index in 0..<3000 {
      let element = "element-\(index)-\(String(repeating: "x", count: index % 90))"
      if expected.isEmpty || index % 3 == 0 {
        try harness.run("RPUSH l \(element)")
        expected.append(element)
      } else {
        let pivot = expected[index * 7919 % expected.count]
        try harness.run("LINSERT l \(index % 2 == 0 ? "AFTER" : "BEFORE") \(pivot) \(element)")
        expected.insert(element, at: expected.firstIndex(of: pivot)! + (index % 2 == 0 ? 1 : 0))
      }
      if index % 5 == 4 {
        let removed = expected.remove(at: index * 31 % expected.count)
        try harness.run("LREM l -1 \(removed)")
      }
    }
    #expect(try harness.text("l") == expected.map { "\"\($0)\"" }.joined(separator: " "))
    guard case .list(let list)? = try harness.value("l") else { return }
    #expect(list.count == expected.count)
  }

  @Test("A large queue takes elements at one end and gives them at the other")
  func queue() throws {
    let harness = ReplayHarness()
    for index in 0..<20_000 {
      try harness.run("RPUSH l value-\(index)")
      if index >= 10_000 { try harness.run("LPOP l") }
    }
    guard case .list(let list)? = try harness.value("l") else { return }
    #expect(list.elements == (10_000..<20_000).map { Array("value-\($0)".utf8) })
  }

  @Test("A list that RESTORE brings keeps its nodes, by which later commands choose its encoding")
  func restoredNodes() throws {
    // Two nodes of one element each, as a server that pushed and removed large elements stores them.
    let payload: [UInt8] = [
      18, 2, 2, 11, 11, 0, 0, 0, 1, 0, 0x82, 97, 97, 3, 0xFF, 2, 11, 11, 0, 0, 0, 1, 0, 0x82, 98, 98, 3, 0xFF,
    ]
    var checksum = CRC64()
    let versioned = payload + [11, 0]
    checksum.update(versioned.span.bytes)
    let dump = versioned + withUnsafeBytes(of: checksum.value.littleEndian) { Array($0) }
    let harness = ReplayHarness()
    try harness.run(["RESTORE", "l", "0"].map { Array($0.utf8) } + [dump])
    try harness.run("RPUSH l cc")
    #expect(try harness.text("l") == #""aa" "bb" "cc""#)
    #expect(harness.encodings() == [Array("l".utf8): "quicklist"])
    try harness.run("LPOP l")
    #expect(harness.encodings() == [Array("l".utf8): "listpack"])
  }
}
