import RDBReplay
import RDBSupport
import TestSupport

/// Random commands of all families as clients send them to a live server, in several databases and in all forms that a
/// server writes to its append-only file: single commands, transactions, scripts and functions.
struct RandomClientCommands {
  /// A script that executes commands, each given by the number of its arguments and by them.
  static let script = """
    local i = 1
    while i <= #ARGV do
      local n = tonumber(ARGV[i])
      redis.pcall(unpack(ARGV, i + 1, i + n))
      i = i + n + 1
    end
    """

  private var random: SeededGenerator
  private var collections: CollectionCommands
  private var strings: RandomStringCommands
  private var streams: RandomStreamCommands
  private let kind: LiveServer.Kind
  /// The digest of ``script``, which the server has loaded.
  private let scriptDigest: String
  /// Whether SORT reads keys by patterns.
  private let hasPatterns: Bool

  init(_ kind: LiveServer.Kind, seed: UInt64, scriptDigest: String) {
    (self.kind, self.scriptDigest) = (kind, scriptDigest)
    random = SeededGenerator(seed: seed)
    collections = CollectionCommands(seed: seed &+ 1)
    strings = RandomStringCommands(seed: seed &+ 2, isValkey: kind == .valkey9)
    streams = RandomStreamCommands(seed: seed &+ 3, isRedis8: kind == .redis8)
    hasPatterns = seed % 2 == 0
  }

  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  private mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
  private mutating func pick(_ words: String...) -> String { words.randomElement(using: &random)! }
  private func bytes(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }

  /// The next commands to send: one, or a whole transaction.
  mutating func next() -> [[[UInt8]]] {
    switch number(1...100) {
    case 1...5:
      let commands = (0..<number(0...6)).map { _ in chance(10) ? script() : command() }
      return [bytes(["MULTI"])] + commands + [bytes([chance(8) ? "DISCARD" : "EXEC"])]
    case 6...10: return [script()]
    default:
      let command = command()
      // A single command that blocks would wait for another client.
      let blocks = lowercasedText(command[0]).hasPrefix("b") && !lowercasedText(command[0]).hasPrefix("bit")
      return blocks ? [bytes(["MULTI"]), command, bytes(["EXEC"])] : [command]
    }
  }

  private mutating func script() -> [[UInt8]] {
    let commands = (0..<number(1...5)).flatMap { _ in
      let command = command()
      return [Array("\(command.count)".utf8)] + command
    }
    return bytes(chance(50) ? ["EVAL", Self.script, "0"] : ["EVALSHA", scriptDigest, "0"]) + commands
  }

  private mutating func command() -> [[UInt8]] {
    switch number(1...100) {
    case 1...22: return relocated(strings.next(), "t")
    case 23...42: return relocated(streams.next(), "x")
    case 43...70: return relocated(collection(), "")
    case 71...73:
      let command = collections.sort()
      let patterns: Set = ["w_*", "h*->f1", "x*->", "*", "h*->f2", "nothing"]
      let hasPattern = command.contains { patterns.contains(String(decoding: $0, as: UTF8.self)) }
      return hasPattern && !hasPatterns ? relocated(collections.list(), "") : command
    case 74...92: return keyCommand()
    case 93...96: return expiring()
    case 97: return function()
    default: return bytes([pick("GET", "TTL", "TYPE", "TOUCH", "DUMP"), key()])
    }
  }

  private mutating func collection() -> [[UInt8]] {
    switch number(1...10) {
    case 1...3: collections.hash(hasExpiries: kind != .redis7)
    case 4...5: collections.list()
    case 6...7: collections.set()
    default: collections.sortedSet()
    }
  }

  // MARK: Keys

  /// The command with other keys, so that each family has keys of its own and there are more of them.
  private mutating func relocated(_ command: [[UInt8]], _ prefix: String) -> [[UInt8]] {
    guard let row = CommandTable.rows[lowercasedText(command[0])], row.accepts(argumentCount: command.count) else {
      return command
    }
    var command = command
    let (usual, prefix) = (suffix(), chance(2) ? "" : prefix)
    for index in row.keys.indexes(in: ReplayCommand(command)) {
      command[index] = Array(prefix.utf8) + command[index] + Array((chance(85) ? usual : suffix()).utf8)
    }
    return command
  }

  private mutating func suffix() -> String { chance(20) ? "" : ":\(number(1...6))" }

  /// A key of any family.
  private mutating func key() -> String {
    pick("tk", "th", "xs", "h", "l", "s", "z", "lex", "geo", "new") + "\(number(0...3))" + suffix()
  }

  private mutating func database() -> String { chance(5) ? pick("99", "-1", "x") : "\(number(0...3))" }

  private mutating func keyCommand() -> [[UInt8]] {
    switch number(1...200) {
    case 1...30: return bytes([pick("DEL", "UNLINK", "del")] + (0..<number(1...3)).map { _ in key() })
    case 31...50: return bytes([pick("RENAME", "RENAMENX"), key(), key()])
    case 51...75:
      return bytes(
        ["COPY", key(), key()] + (chance(40) ? ["DB", database()] : []) + (chance(60) ? ["REPLACE"] : []))
    case 76...85: return bytes(["MOVE", key(), database()])
    case 86...115: return bytes(expire())
    case 116...125: return bytes(["PERSIST", key()])
    case 126...155: return bytes(["SELECT", database()])
    case 156...158: return bytes(["SWAPDB", database(), database()])
    case 159: return bytes([pick("FLUSHDB", "FLUSHDB", "FLUSHALL")] + (chance(50) ? [pick("ASYNC", "SYNC")] : []))
    case 160...172:
      // The payload of a key that exists.
      let script =
        "local p = redis.call('DUMP', KEYS[1]) if p then redis.pcall('RESTORE', KEYS[2], ARGV[1], p, 'REPLACE') end"
      return bytes(["EVAL", script, "2", key(), key(), chance(60) ? "0" : "\(number(1...60) * 100_000)"])
    case 173...180:
      return bytes(["RESTORE", key(), "0", "no payload"])
    case 181...188: return bytes(["SPOP", "s\(number(0...3))" + suffix()] + (chance(50) ? ["\(number(0...9))"] : []))
    case 189...196:
      return bytes(["XADD", "auto\(number(0...1))" + suffix()] + (chance(30) ? ["MAXLEN", "~", "150"] : []))
        + bytes(["*", "field", "\(number(0...9))"])
    default: return bytes(["SETEX", key(), "\(number(1...9) * 10_000)", "value"])
    }
  }

  private mutating func expire() -> [String] {
    let condition = chance(40) ? [pick("NX", "XX", "GT", "LT", "lt")] : []
    switch number(1...6) {
    case 1: return ["EXPIRE", key(), "\(number(1000...900_000))"] + condition
    case 2: return ["PEXPIRE", key(), "\(number(1_000_000...900_000_000))"] + condition
    case 3: return ["EXPIREAT", key(), "\(number(4_000_000_000...5_000_000_000))"] + condition
    case 4: return ["PEXPIREAT", key(), "\(number(4_000_000_000_000...5_000_000_000_000))"] + condition
    case 5: return [pick("EXPIRE", "PEXPIREAT"), key(), pick("0", "-1", "1", "x", "9223372036854775807")] + condition
    default: return ["EXPIRE", key(), "5000", pick("GT", "XX", "foo"), pick("XX", "LT", "NX")]
    }
  }

  /// A key or field that lapses while the server runs.
  private mutating func expiring() -> [[UInt8]] {
    let time = "\(number(1...60))"
    switch number(1...(kind == .redis7 ? 5 : 8)) {
    case 1...2: return bytes(["PEXPIRE", key(), time])
    case 3: return bytes(["SET", "tk\(number(0...5))" + suffix(), "short", "PX", time])
    case 4: return bytes(["GETEX", "tk\(number(0...5))" + suffix(), "PX", time])
    case 5:
      return bytes(["SET", "tk\(number(0...5))" + suffix(), "short", "PX", "\(number(1...9) * 1_000_000)", "GET"])
    case 6: return bytes(["HPEXPIRE", "h\(number(0...3))" + suffix(), time, "FIELDS", "2", field(), field()])
    case 7: return bytes(["HEXPIRE", "h\(number(0...3))" + suffix(), "\(time)000", "FIELDS", "1", field()])
    default:
      return bytes(["HSETEX", "h\(number(0...3))" + suffix(), "PX", time, "FIELDS", "2", field(), "1", field(), "2"])
    }
  }

  private mutating func field() -> String { "f\(number(0...12))" }

  // MARK: Functions

  private mutating func function() -> [[UInt8]] {
    let name = "library\(number(0...2))"
    switch number(1...10) {
    case 1...4:
      let code = """
        #!lua name=\(name)
        redis.register_function('set_\(name)', function(keys, arguments)
          redis.call('RPUSH', keys[1], arguments[1], '\(number(0...99))')
          return redis.call('HSET', keys[2], 'field', arguments[1])
        end)
        """
      return bytes(["FUNCTION", "LOAD"] + (chance(70) ? ["REPLACE"] : []) + [code])
    case 5: return bytes(["FUNCTION", "DELETE", name])
    case 6 where chance(20): return bytes(["FUNCTION", "FLUSH"])
    default:
      return bytes([
        "FCALL", "set_\(name)", "2", "l\(number(0...3))" + suffix(), "h\(number(0...3))" + suffix(),
        "\(number(0...999))",
      ])
    }
  }
}
