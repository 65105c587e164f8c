/// Another tool that is called `rdb`, and whose calls this command understands.
enum OldTool: String, CaseIterable {
  /// The tool of github.com/HDT3213/rdb, in Go.
  case hdt3213
  /// redis-rdb-tools, in Python.
  case rdbtools

  /// The words after `-c`.
  var words: [String] {
    switch self {
    case .hdt3213: ["json", "memory", "aof", "bigkey", "prefix", "flamegraph"]
    case .rdbtools: ["json", "justkeys", "justkeyvals", "diff", "memory", "protocol"]
    }
  }

  /// The options with a value, each by all of its names.
  var options: [[String]] {
    switch self {
    case .hdt3213:
      [["c"], ["o"], ["n"], ["port"], ["sep"], ["regex"], ["expire"], ["concurrent"], ["max-depth"]]
    case .rdbtools:
      [
        ["c", "command"], ["f", "file"], ["n", "db"], ["k", "key"], ["o", "not-key"], ["t", "type"], ["b", "bytes"],
        ["l", "largest"], ["e", "escape"], ["a", "amend-expire"],
      ]
    }
  }

  /// The options without a value.
  var flags: [[String]] {
    switch self {
    case .hdt3213: [["no-expired"], ["show-global-meta"]]
    case .rdbtools: [["x", "no-expire"]]
    }
  }

  /// The first of an option's names, and whether it has a value; `nil`: the tool has no such option.
  func option(_ name: String) -> (name: String, hasValue: Bool)? {
    if let names = options.first(where: { $0.contains(name) }) { return (names[0], true) }
    if let names = flags.first(where: { $0.contains(name) }) { return (names[0], false) }
    return nil
  }
}
