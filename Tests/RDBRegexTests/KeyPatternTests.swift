import RDB
import RDBFormat
import RDBFiltering
import RDBRegex
import TestSupport
import Testing

@Suite("A regular expression over key names")
struct KeyPatternTests {
  /// A sink that keeps the names of keys.
  struct NamesSink: SelectiveSink, FoldingSink {
    var names: [[UInt8]] = []

    static var events: SinkEvents { [.beginKey] }
    mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
      names.append(key.name.withUnsafeBytes { Array($0) })
      return .skip
    }
    consuming func finish() throws(RDBError) -> Collected<[UInt8]> { Collected(names) }
  }

  /// The names of the keys in `bytes` that pass.
  static func names(_ bytes: [UInt8], _ options: FilterOptions) throws -> [[UInt8]] {
    var filter = KeyFilter(options, base: NamesSink())
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &filter)
    return try filter.finish().base.values
  }

  static func snapshot(_ names: [some TestBytes]) -> [UInt8] {
    var snapshot = SnapshotBuilder()
    for name in names { snapshot.string(name, "value") }
    return snapshot.whole
  }

  /// The names of `names` that a filter by `expression` lets through.
  static func passing(_ expression: String, _ names: [String]) throws -> [String] {
    var options = FilterOptions(now: UnixMilliseconds(0))
    options.keyPatterns = [try KeyPattern(expression)]
    return try Self.names(snapshot(names), options).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "Matches the names that Perl matches",
    arguments: [
      ("user", ["user:1", "a user", "use"], ["user:1", "a user"]),
      ("^user:\\d+$", ["user:1", "user:1\n", "xuser:1", "user:"], ["user:1"]),
      ("a.b", ["a\nb", "ab", "a\0b"], ["a\nb", "a\0b"]),
      ("(?i)USER", ["user", "x"], ["user"]), ("(a|b)\\1", ["aa", "ab", "bb"], ["aa", "bb"]),
      ("", ["", "a"], ["", "a"]), ("^$", ["", "a"], [""]), ("^.$", ["ä", "a"], ["a"]),
      ("(*UTF)^.$", ["ä", "a", "äb"], ["ä", "a"]), ("^\\xC3", ["ä", "a"], ["ä"]),
    ] as [(String, [String], [String])])
  func found(_ expression: String, _ names: [String], _ passing: [String]) throws {
    #expect(try Self.passing(expression, names) == passing)
  }

  @Test("Matches names that are not UTF-8")
  func binary() throws {
    let bytes = Self.snapshot([[0xFF, 0x00, 0xFE] as [UInt8], Array("abc".utf8)])
    for (expression, count) in [
      ("^\\xFF\\x00", 1), ("(*UTF)b", 1), ("(*UTF)^.$", 0), ("(*UTF)\\0", 1), (".", 2), ("\\x00", 1),
    ] {
      var options = FilterOptions(now: UnixMilliseconds(0))
      options.keyPatterns = [try KeyPattern(expression)]
      #expect(try Self.names(bytes, options).count == count, "\(expression)")
    }
  }

  @Test(
    "Reports the byte at which an expression is wrong",
    arguments: [
      ("user:(", 6), ("[a", 2), ("*", 0), ("a{2,1}", 5), ("(?<n>a)(?<n>b)", 12), ("\\", 1),
    ])
  func refused(_ expression: String, _ offset: Int) {
    var failure: FilterError?
    do throws(FilterError) { _ = try KeyPattern(expression) } catch { failure = error }
    #expect(failure?.description.contains("at byte \(offset)") == true, "\(String(describing: failure))")
    #expect(failure?.expected.contains("\\") == true)
  }

  @Test("Ends with an error that names the key after too many steps", arguments: ["", "(*NO_JIT)", "(*UTF)"])
  func tooCostly(_ start: String) throws {
    var options = FilterOptions(now: UnixMilliseconds(0))
    options.keyPatterns = [try KeyPattern(start + "^(a+)+$")]
    let name = String(repeating: "a", count: 50) + "b"
    let bytes = Self.snapshot(["first", name])
    let error = #expect(throws: RDBError.self) { try Self.names(bytes, options) }
    #expect(error?.code == .patternTooCostly)
    #expect(error?.key == Array(name.utf8))
  }

  @Test("Passes a key that one pattern matches and no exclusion matches")
  func several() throws {
    var options = FilterOptions(now: UnixMilliseconds(0))
    options.keyPatterns = [try KeyPattern("^a"), try KeyPattern("^b")]
    options.noKeyPatterns = [try KeyPattern("x"), try KeyPattern("y$")]
    let bytes = Self.snapshot(["a1", "ax", "b1", "by", "c1", "bya"])
    #expect(try Self.names(bytes, options) == ["a1", "b1", "bya"].map { Array($0.utf8) })
    options.globs = [Glob("*1"), Glob("z*")]
    #expect(try Self.names(bytes, options) == ["a1", "b1"].map { Array($0.utf8) })
  }
}
