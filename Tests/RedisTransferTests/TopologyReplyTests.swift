import RESP
import RedisTransfer
import Testing

@Suite("Replies about roles, sentinels and clusters")
struct TopologyReplyTests {
  private func value(_ text: String) throws -> RESPValue {
    var decoder = RESPDecoder()
    decoder.feed(text.replacing(" ", with: "\r\n").utf8)
    return try #require(try decoder.next(), "\(text)")
  }

  private let here = Endpoint(host: "here", port: 1)

  @Test("ROLE tells a master, a replica and a sentinel apart")
  func roles() throws {
    let master = try value("*3 $6 master :3129659 *1 *3 $9 127.0.0.1 $4 9001 $7 3129242 ")
    #expect(ServerRole(master) == .master(replicationOffset: 3_129_659, replicaCount: 1))
    let replica = try value("*5 $5 slave $9 127.0.0.1 :9000 $9 connected :3167038 ")
    let endpoint = Endpoint(host: "127.0.0.1", port: 9000)
    #expect(ServerRole(replica) == .replica(of: endpoint, link: "connected", replicationOffset: 3_167_038))
    let sentinel = try value("*2 $8 sentinel *1 $8 mymaster ")
    #expect(ServerRole(sentinel) == .sentinel(masterNames: [Array("mymaster".utf8)]))
    let wrong = [
      "*0 ", "+OK ", "_ ", "*1 $6 master ", "*3 $5 other :1 *0 ", "*5 $5 slave $1 h :0 $1 c :1 ", "*3 $6 master +x *0 ",
      "*2 $8 sentinel :1 ",
    ]
    for text in wrong { #expect(ServerRole(try value(text)) == nil, "\(text)") }
  }

  @Test("A sentinel tells the master, or that it does not know the name")
  func master() throws {
    let reply = try value("*2 $8 10.0.0.1 $4 6379 ")
    #expect(SentinelReplies.masterAddress(reply) == .address(Endpoint(host: "10.0.0.1", port: 6379)))
    for text in ["*-1 ", "_ ", "$-1 "] { #expect(SentinelReplies.masterAddress(try value(text)) == .unknownName) }
    for text in ["*0 ", "*2 $1 h $1 0 ", "*2 $1 h $5 65536 ", "*2 :1 $1 1 ", "*1 $1 h ", "+OK "] {
      #expect(SentinelReplies.masterAddress(try value(text)) == nil, "\(text)")
    }
  }

  @Test("A sentinel lists its replicas in both protocols, and one at port 0 is left out")
  func replicas() throws {
    let entries = [
      "$2 ip $1 a $4 port $4 6379 $5 flags $5 slave ", "$2 ip $1 b $4 port $4 6380 $5 flags $12 slave,s_down ",
      "$2 ip $1 c $4 port $1 0 $5 flags $5 slave ",
    ]
    for header in ["*6 ", "%3 "] {
      let reply = try value("*3 " + entries.map { header + $0 }.joined())
      let found = try #require(SentinelReplies.replicas(reply))
      #expect(found.map(\.endpoint.description) == ["a:6379", "b:6380"])
      #expect(found.map(\.isUsable) == [true, false])
    }
    for text in ["+x ", "*1 *1 $1 a ", "*1 *0 ", "*1 *6 $2 ip $1 a $4 port $5 65536 $5 flags $1 x "] {
      #expect(SentinelReplies.replicas(try value(text)) == nil, "\(text)")
    }
  }

  @Test("CLUSTER SLOTS gives each slot its master, and a missing host is the node that answered")
  func slots() throws {
    let text =
      "*3 *4 :0 :99 *3 $1 a :7000 $1 x *3 $1 r :7001 $1 y *3 :200 :200 *4 $-1 :7002 $1 z *0 "
      + "*3 :300 :16383 *3 $0  :7003 $1 w "
    var map = try #require(SlotMap(try value(text), from: here))
    #expect(map.masters.map(\.description) == ["a:7000", "here:7002", "here:7003"])
    #expect(map.master(of: 99)?.description == "a:7000")
    #expect(map.master(of: 100) == nil)
    #expect(map.master(of: 200)?.description == "here:7002")
    #expect(map.master(of: 16383)?.description == "here:7003")
    #expect(map.uncoveredCount == 199)
    map.move(100, to: Endpoint(host: "a", port: 7000))
    #expect(map.master(of: 100)?.description == "a:7000")
    #expect(map.uncoveredCount == 198)
    #expect(map.masters.count == 3)
  }

  @Test("CLUSTER SLOTS with slots that are outside, reversed or given twice is refused")
  func wrongSlots() throws {
    let ranges = [
      ":0 :16384 *2 $1 a :1 ", ":-1 :1 *2 $1 a :1 ", ":2 :1 *2 $1 a :1 ", ":0 :1 *2 $1 a :0 ", ":0 :1 *2 $1 ? :1 ",
      ":0 :1 *1 $1 a ", ":0 :9223372036854775807 *2 $1 a :1 ",
    ]
    for range in ranges { #expect(SlotMap(try value("*1 *3 " + range), from: here) == nil, "\(range)") }
    let twice = try value("*2 *3 :0 :5 *2 $1 a :1 *3 :5 :6 *2 $1 b :1 ")
    #expect(SlotMap(twice, from: here) == nil)
    #expect(SlotMap(try value("*1 *0 "), from: here) == nil)
    #expect(SlotMap(try value("*0 "), from: here)?.uncoveredCount == SlotMap.slotCount)
  }
}
