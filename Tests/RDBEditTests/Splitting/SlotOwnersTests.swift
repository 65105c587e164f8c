import RDB
import RDBEdit
import RDBFormat
import RDBSupport
import RESP
import TestSupport
import Testing

@Suite("Hash slots and their owners")
struct SlotOwnersTests {
  @Test("Divides the slots as redis-cli does")
  func evenly() {
    #expect(SlotOwners(shards: 1).nodes.map(\.text) == ["0-16383"])
    #expect(SlotOwners(shards: 3).nodes.map(\.text) == ["0-5460", "5461-10922", "10923-16383"])
    #expect(
      SlotOwners(shards: 5).nodes.map(\.text) == ["0-3276", "3277-6553", "6554-9829", "9830-13106", "13107-16383"])
    #expect(SlotOwners(shards: 3).nodes.map(\.name) == ["shard-0", "shard-1", "shard-2"])
    #expect(SlotOwners(shards: 11).nodes.first?.name == "shard-00")
  }

  @Test(
    "Gives every slot to one shard, and every shard at least one slot",
    arguments: [2, 7, 100, 7542, 9999, 16383, 16384])
  func all(count: Int) {
    let owners = SlotOwners(shards: count)
    #expect(owners.nodes.count == count)
    #expect(owners.unowned.isEmpty)
    var next = 0
    for node in owners.nodes {
      #expect(node.ranges.count == 1 && node.ranges[0].lowerBound == next && node.ranges[0].count >= 1)
      next = node.ranges[0].upperBound + 1
    }
    #expect(next == 16384)
  }

  static let file = """
    07c37dfeb235213a872192d90877d0cd55635b91 127.0.0.1:30004@31004,,tls-port=0,shard-id=69bc slave e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 0 1426238317239 4 connected
    67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1 127.0.0.1:30002@31002,hostname2 master - 0 1426238316232 2 connected 5461-10922
    292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f :0@0 master,noaddr - 0 1426238318243 3 connected 10923-16383
    824fe116063bc5fcf9f4ffd895bc17aee7731ac3 ::1:30006@31006 master,fail - 0 1426238317741 6 connected
    e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 127.0.0.1:30001@31001 myself,master - 0 0 1 connected 0-5459 5460 [5460->-67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1] [5461-<-67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1]
    vars currentEpoch 6 lastVoteEpoch 0

    """

  @Test("Reads the masters of a nodes file, with their slots and those that move")
  func nodesFile() throws {
    let owners = try NodesFile.slotOwners(in: Array(Self.file.utf8))
    #expect(
      owners.nodes.map(\.name) == [
        "127.0.0.1-30002", "292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f", "127.0.0.1-30001",
      ])
    #expect(owners.nodes.map(\.text) == ["5461-10922", "10923-16383", "0-5459,5460"])
    #expect(owners.unowned.isEmpty)
    #expect(
      owners.notes == [
        "the master %3A%3A1-30006 has no slots, and gets no file",
        "slot 5460 was moving away from 127.0.0.1-30001: its keys are in that node's part",
        "slot 5461 was moving to 127.0.0.1-30001: its keys are in the part of its owner",
      ])
  }

  @Test(
    "Refuses a file that is no nodes file, with the offset of the line",
    arguments: [
      ("", 0), ("vars currentEpoch 6 lastVoteEpoch 0\n", 0), ("REDIS0011", 0),
      ("a b:1@2 master - 0 0 1 connected 16384\n", 0), ("a b:1@2 master - 0 0 1 connected 9-8\n", 0),
      ("a b:1@2 master - 0 0 1 connected 1-2-3\n", 0), ("a b:1@2 master - 0 0 1 connected [1->x\n", 0),
      ("a b:1@2 master - 0 0 1 connected [1-x-y]\n", 0), ("a b:1@2 master - 0 0 1 connected []\n", 0),
      ("vars 1\na b:1@2 master - 0 0 1 connected -\n", 7),
      ("a b:1@2 master - 0 0 1 connected 1-5\na b:1@2 master - 0 0 1 connected 5\n", 37),
    ])
  func refused(_ text: String, _ offset: Int) {
    let error = #expect(throws: RDBError.self) { try NodesFile.slotOwners(in: Array(text.utf8)) }
    #expect(error?.code == RDBError.Code("corruptNodes"))
    #expect(error?.offset == offset)
  }

  @Test("Computes the slots that a server computes, with hash tags")
  func liveSlots() throws {
    let server = try LiveServer(
      .redis7, arguments: ["--cluster-enabled", "yes", "--cluster-port", "\(LiveServer.freePort())"])
    defer { server.stop() }
    var generator = SeededGenerator(seed: 7)
    let marks = ["{", "}", "a", ":", "\0", "ä", "", "user", "{}", "}{"]
    let names = (0..<2000).map { _ in
      (0..<Int.random(in: 0...6, using: &generator)).map { _ in marks.randomElement(using: &generator)! }.joined()
    }
    let connection = try LiveConnection(port: server.port)
    let replies = try connection.commands(names.map { [Array("CLUSTER".utf8), Array("KEYSLOT".utf8), Array($0.utf8)] })
    let slots = HashSlots()
    for (name, reply) in zip(names, replies) {
      let bytes = Array(name.utf8)
      #expect(reply == .integer(Int64(slots.slot(of: bytes.span.bytes))), "\(name)")
    }
  }
}
