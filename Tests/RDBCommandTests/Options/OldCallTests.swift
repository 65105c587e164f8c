import Foundation
import TestSupport
import Testing

/// Calls of the other tools named `rdb`.
@Suite("Calls of other tools")
struct OldCallTests {
  /// A line of `Expected/rdbtools.tsv`: what redis-rdb-tools wrote.
  private struct Row {
    var dump, options, sums: String
  }

  private static let rows: [Row] = {
    let path = #filePath.components(separatedBy: "/").dropLast(2).joined(separator: "/") + "/Expected/rdbtools.tsv"
    return String(decoding: readFile(path), as: UTF8.self).split(separator: "\n").map { line in
      let cells = line.split(separator: "\t").map(String.init)
      return Row(dump: cells[0], options: cells[1], sums: cells[2])
    }
  }()

  @Test("write what redis-rdb-tools wrote, byte for byte", arguments: Set(rows.map(\.dump)).sorted())
  func rdbtools(_ dump: String) {
    let rows = Self.rows.filter { $0.dump == dump }
    #expect(!rows.isEmpty)
    let script = rows.map { "rdb \($0.options) '\(Fixture.root)/\(dump)' 2>/dev/null | cksum\n" }.joined()
    let found = Tool.shell("set -f\n" + script).text.split(separator: "\n").map(String.init)
    #expect(found.count == rows.count)
    for (row, sums) in zip(rows, found) { #expect(sums == row.sums, "\(row.options)") }
  }

  @Test("have the columns of redis-rdb-tools in its memory table")
  func rdbtoolsMemory() {
    let dump = "\(Fixture.root)/redis-6.2.16/expiry.rdb"
    let all = Tool.shell("rdb -c memory '\(dump)'").text.split(separator: "\n").map(String.init)
    #expect(all.first == "database,type,key,size_in_bytes,encoding,num_elements,len_largest_element,expiry")
    #expect(all.count > 10)
    let times = all.dropFirst().compactMap { $0.split(separator: ",", omittingEmptySubsequences: false).last }
    let isTime = times.allSatisfy {
      $0.isEmpty || $0.wholeMatch(of: /\d+|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}000)?/) != nil
    }
    #expect(isTime)
    // The largest first, then the others from the smallest on: the order of that tool.
    let top = Tool.shell("rdb -c memory -l 4 '\(dump)'").text.split(separator: "\n").dropFirst()
    let sizes = top.compactMap { Int($0.split(separator: ",", omittingEmptySubsequences: false)[3]) }
    #expect(sizes.count == 4)
    let (rest, sorted) = (Array(sizes.dropFirst()), sizes.dropFirst().sorted())
    #expect(rest == sorted && sizes.first == sizes.max())
    let least = Tool.shell("rdb -c memory -b 100 '\(dump)'").text.split(separator: "\n").dropFirst()
    let isLarge = least.allSatisfy { (Int($0.split(separator: ",")[3]) ?? 0) >= 100 }
    #expect(!least.isEmpty && isLarge)
  }

  private static let commands = """
    SET s "a<b"
    SET e x
    PEXPIREAT e 4102444800120
    RPUSH l 7 "q\\"q"
    SADD m one
    ZADD z 1 a 2.5 b 1e30 c
    HSET h f v
    XADD x 1-1 k v

    """

  @Test("write the JSON of HDT3213, one object per line")
  func hdtJSON() throws {
    let folder = Scratch()
    folder.write(Array(Self.commands.utf8), as: "commands")
    let result = Tool.shell(
      "rdb rewrite commands --target 7.2 -q -o dump.rdb && rdb -c json --compat hdt3213 -o out.json dump.rdb; echo $?; cat out.json",
      in: folder)
    #expect(result.text.hasPrefix("3\n[\n{"))
    #expect(result.error.contains("rdb: the command is now: rdb json dump.rdb -o out.json"))
    let text = result.text.dropFirst(2)
    let objects = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    var values: [String: String] = [:]
    for object in objects {
      let key = try #require(object["key"] as? String)
      let size = object["size"] as? Int ?? 0
      #expect(size > 0 && object["db"] as? Int == 0 && object["lru"] as? Int == 0 && object["lfu"] as? Int == 0)
      let names = ["value", "values", "members", "entries", "hash"]
      let value = names.compactMap { object[$0] }.first
      let json = try JSONSerialization.data(
        withJSONObject: value ?? NSNull(), options: [.fragmentsAllowed, .sortedKeys])
      values[key] =
        "\(object["type"] ?? "") \(object["encoding"] ?? "") \(object["expiration"] ?? "") "
        + String(decoding: json, as: UTF8.self)
    }
    #expect(values["s"] == "string string  \"a<b\"")
    #expect(values["e"] == "string string 2100-01-01T00:00:00.12Z \"x\"")
    #expect(values["l"] == "list quicklist2  [\"7\",\"q\\\"q\"]")
    #expect(values["m"] == "set listpack  [\"one\"]")
    #expect(values["h"] == "hash listpack  {\"f\":\"v\"}")
    #expect(values["x"] == nil)
    let raw = String(text)
    #expect(raw.contains("\"value\":\"a\\u003cb\""))
    #expect(
      raw.contains(
        "\"entries\":[{\"member\":\"a\",\"score\":1},{\"member\":\"b\",\"score\":2.5},{\"member\":\"c\",\"score\":1e+30}]"
      ))
  }

  @Test("write the tables of HDT3213")
  func hdtTables() {
    let folder = Scratch()
    folder.write(Array("SET a:1 x\nSET a:b:2 y\nSET \"q,\\\"\" z\nRPUSH a:l 1 2 3\n".utf8), as: "commands")
    let result = Tool.shell(
      """
      rdb rewrite commands --target 7.2 -q -o dump.rdb
      rdb -c memory -o - --compat hdt3213 dump.rdb | sed -E 's/,[0-9]+,[0-9.]+[BK],/,N,N,/' | sort
      rdb -c bigkey -n 1 dump.rdb | cut -d, -f1-3
      rdb -c prefix -sep : dump.rdb | sed -E 's/,[0-9]+,[0-9.]+[BK],/,N,N,/'
      rdb -c aof -o out.aof dump.rdb && rdb keys out.aof -q | sort | tr '\\n' ' '
      """, in: folder)
    #expect(
      result.text == #"""
        0,"q,""",string,N,N,0
        0,a:1,string,N,N,0
        0,a:b:2,string,N,N,0
        0,a:l,list,N,N,3
        database,key,type,size,size_readable,element_count
        database,key,type
        0,a:l,list
        database,prefix,size,size_readable,key_count
        0,a:*,N,N,3
        0,a:b:*,N,N,1
        a:1 a:b:2 a:l q,\"\#u{20}
        """#, "\(result.error)")
  }

  @Test("with options that two tools understand differently are refused")
  func ambiguous() {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-6.2.16/expiry"))
    func run(_ line: String) -> (status: Int32, error: String, text: String) {
      let result = Tool.shell(line, in: folder)
      return (result.status, result.error, result.text)
    }
    for line in ["rdb -c json -o out dump.rdb", "rdb -c memory -n 1 dump.rdb"] {
      let result = run(line)
      #expect(result.status == 64 && result.error.contains("--compat hdt3213"), "\(line): \(result.error)")
    }
    let asNotKey = run("rdb -c json -o . --compat rdbtools dump.rdb")
    #expect(asNotKey.text == "[]" || asNotKey.text == "[{}]", "\(asNotKey.text)")
    let asFile = run("rdb -c json -o out.json --compat=hdt3213 dump.rdb; code=$?; test -s out.json && exit $code")
    // The dump has streams, which are lost.
    #expect(asFile.status == 3, "\(asFile.error)")
    let graph = run("rdb -c flamegraph -port 1234 dump.rdb")
    #expect(graph.status == 64 && graph.error.contains("rdb report dump.rdb -o report.html"))
    let unknown = run("rdb -c dance dump.rdb")
    #expect(unknown.status == 64 && unknown.error.contains("no tool named rdb has this command"))
    let missing = run("rdb -c json none.rdb")
    #expect(missing.status == 66)
    let option = run("rdb -c justkeys --frobnicate dump.rdb")
    #expect(option.status == 64 && option.error.contains("--frobnicate"))
    // The options can follow the dump, as Python's argparse allows.
    let behind = run("rdb dump.rdb -c justkeys | wc -l")
    #expect(behind.status == 0 && behind.text.trimmingCharacters(in: .whitespaces) != "0\n")
  }

  @Test("say the new command, quoted for a shell")
  func newCommand() {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-6.2.16/expiry"), as: "a dump.rdb")
    let result = Tool.run("-c", "justkeys", "-k", "it's", "a dump.rdb", in: folder)
    #expect(
      result.error.contains(#"rdb: the command is now: rdb keys 'a dump.rdb' -k '^(?:it'\''s)'"#), "\(result.error)")
  }
}
