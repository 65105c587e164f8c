import RDB
import RDBFormat
import RDBMatching
import Testing

@Suite("A regular expression over names")
struct KeyPatternTests {
  /// The names of `names` that a filter by `expression` lets through.
  static func passing(_ expression: String, _ names: [String]) throws -> [String] {
    var options = FilterOptions(now: UnixMilliseconds(0))
    options.keyPatterns = [try KeyPattern(expression)]
    return try filtered(snapshot(names.map { ($0, nil) }), options).keys.map {
      String(decoding: $0.name, as: UTF8.self)
    }
  }

  @Test(
    "is found as Perl would find it",
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

  @Test("meets names that are no text")
  func binary() throws {
    var bytes = snapshot([("xyz", nil), ("abc", nil)])
    let place = try #require(bytes.firstIndex(of: UInt8(ascii: "x")))
    bytes.replaceSubrange(place..<place + 3, with: [0xFF, 0x00, 0xFE])
    for (expression, count) in [
      ("^\\xFF\\x00", 1), ("(*UTF)b", 1), ("(*UTF)^.$", 0), ("(*UTF)\\0", 1), (".", 2), ("\\x00", 1),
    ] {
      var options = FilterOptions(now: UnixMilliseconds(0))
      options.keyPatterns = [try KeyPattern(expression)]
      #expect(try filtered(bytes, options).keys.count == count, "\(expression)")
    }
  }

  @Test(
    "that is none, is refused with the place of the mistake",
    arguments: [
      ("user:(", 6), ("[a", 2), ("*", 0), ("a{2,1}", 5), ("(?<n>a)(?<n>b)", 12), ("\\", 1),
    ])
  func refused(_ expression: String, _ place: Int) {
    var failure: FilterError?
    do throws(FilterError) { _ = try KeyPattern(expression) } catch { failure = error }
    #expect(failure?.description.contains("at byte \(place)") == true, "\(String(describing: failure))")
    #expect(failure?.expected.contains("\\") == true)
  }

  @Test("that costs too much, ends with an error that names the key", arguments: ["", "(*NO_JIT)", "(*UTF)"])
  func tooCostly(_ start: String) throws {
    var options = FilterOptions(now: UnixMilliseconds(0))
    options.keyPatterns = [try KeyPattern(start + "^(a+)+$")]
    let name = String(repeating: "a", count: 50) + "b"
    let bytes = snapshot([("first", nil), (name, nil)])
    let error = #expect(throws: RDBError.self) { try filtered(bytes, options) }
    #expect(error?.code == .patternTooCostly)
    #expect(error?.key == Array(name.utf8))
  }

  @Test("of several, one is enough, and one of the others is too much")
  func several() throws {
    var options = FilterOptions(now: UnixMilliseconds(0))
    options.keyPatterns = [try KeyPattern("^a"), try KeyPattern("^b")]
    options.noKeyPatterns = [try KeyPattern("x"), try KeyPattern("y$")]
    let bytes = snapshot(["a1", "ax", "b1", "by", "c1", "bya"].map { ($0, nil) })
    #expect(try filtered(bytes, options).keys.map(\.description) == ["\"a1\"", "\"b1\"", "\"bya\""])
    options.globs = [Glob("*1"), Glob("z*")]
    #expect(try filtered(bytes, options).keys.map(\.description) == ["\"a1\"", "\"b1\""])
  }
}
