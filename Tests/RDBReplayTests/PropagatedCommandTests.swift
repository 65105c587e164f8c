import Foundation
import RDBReplay
import TestSupport
import Testing

@Suite struct PropagatedCommandTests {
  /// The commands that three servers wrote to their files, by the server's name.
  private static let commands: [(server: String, words: [String])] = {
    let text = String(decoding: readFile(Fixture.root + "/commands/propagated.tsv"), as: UTF8.self)
    return text.split(separator: "\n").dropFirst().flatMap { line in
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
      // The size of a whole file is no command.
      guard columns.count > 3, !columns[2].hasPrefix("(") else { return [(server: String, words: [String])]() }
      return columns[3].components(separatedBy: "; ").filter { !$0.isEmpty }.map { command in
        (String(columns[0]), command.split(separator: " ").map(String.init))
      }
    }
  }()

  @Test func everyCommandThatAServerWritesHasARowThatTakesItsArguments() {
    #expect(Self.commands.count > 1000)
    // The reader of the file handles transactions. Modules' commands are unknown.
    let outside: Set = ["multi", "exec", "graph.query", "graph.delete"]
    var missing: Set<String> = []
    for (server, words) in Self.commands where !outside.contains(words[0].lowercased()) {
      guard let row = CommandTable.rows[words[0].lowercased()] else {
        missing.insert(words[0].lowercased())
        continue
      }
      // The words of library code and of quoted arguments are not arguments.
      if row.name == "function" || words.contains(where: { $0.contains("\"") }) { continue }
      #expect(row.accepts(argumentCount: words.count), "\(server): \(words)")
    }
    #expect(missing.sorted() == [])
  }

  @Test func noCommandAboutStringsOrStreamsIsLeftOut() {
    let families: Set = [
      "set", "setnx", "setrange", "append", "incr", "incrby", "decr", "decrby", "mset", "msetnx", "msetex", "setbit",
      "bitop",
      "bitfield", "pfadd", "pfcount", "pfmerge", "pfdebug", "xadd", "xtrim", "xdel", "xdelex", "xackdel", "xsetid",
      "xgroup",
      "xack", "xclaim",
    ]
    for (server, words) in Self.commands where families.contains(words[0].lowercased()) {
      guard case .native? = CommandTable.rows[words[0].lowercased()]?.action else {
        Issue.record("\(server): \(words)")
        continue
      }
    }
  }
}
