import RDB
import RDBFiltering
import RDBFormat
import RDBRegex
import TestSupport
import Testing

@Suite("A substitution in key names")
struct NameSubstitutionTests {
  /// The new name; `nil` if the expression is not found.
  static func renamed(_ name: [UInt8], _ texts: [String]) throws -> [UInt8]? {
    let renamer = NameSubstitutions(try texts.map { try NameSubstitution($0) }).makeRenamer()
    var result: [UInt8] = []
    return try renamer(name.span.bytes, &result) ? result : nil
  }

  static func renamed(_ name: String, _ texts: String...) throws -> String? {
    try renamed(Array(name.utf8), texts).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "Replaces what sed replaces",
    arguments: [
      ("s/^old:/new:/", "old:1", "new:1"), ("s/^old:/new:/", "an old:1", nil), ("s/o/0/", "foo", "f0o"),
      ("s/o/0/g", "foo", "f00"), ("s/O/0/gi", "foo", "f00"), ("s/O/0/I", "foo", "f0o"),
      ("s/a*/x/g", "baaac", "xbxcx"), ("s/x*/-/g", "abc", "-a-b-c-"), ("s/a*/x/", "baaac", "xbaaac"),
      ("s/$/!/", "abc", "abc!"), ("s/^//", "abc", "abc"), ("s/x*/-/g", "", "-"),
      ("s/(.*):(.*)/\\2:\\1/", "a:b", "b:a"), ("s/b/[&]/", "abc", "a[b]c"), ("s/b/[\\0]/", "abc", "a[b]c"),
      ("s/b/\\&/", "abc", "a&c"), ("s/b/\\\\/", "abc", "a\\c"), ("s/(x)?b/<\\1>/", "abc", "a<>c"),
      ("s|/|:|g", "a/b/c", "a:b:c"), ("s/\\//:/g", "a/b/c", "a:b:c"), ("s|a\\|b|X|", "a|b", "X"),
      ("s,a,\\,,", "abc", ",bc"), ("s/a/\\n\\r\\t\\x41/", "a", "\n\r\tA"), ("s/a//g", "banana", "bnn"),
      ("s/.$/\\x00/", "ab", "a\0"), ("s/(*UTF)./x/g", "äöü", "xxx"), ("s/(*UTF)y*/-/g", "äö", "-ä-ö-"),
      ("s/./x/g", "ä", "xx"), ("s/(?<=a)b/x/g", "abab", "axax"), ("s/a\\K/x/g", "aa", "axax"),
    ] as [(String, String, String?)])
  func replaces(_ text: String, _ name: String, _ expected: String?) throws {
    #expect(try Self.renamed(name, text) == expected)
  }

  @Test("Replaces bytes that are not UTF-8")
  func bytes() throws {
    #expect(try Self.renamed([0xFF, 0x00, 0xFE], ["s/\\x00/\\xC3/"]) == [0xFF, 0xC3, 0xFE])
  }

  @Test("Applies several substitutions in order, each to the result of the one before")
  func several() throws {
    #expect(try Self.renamed("abc", "s/a/b/", "s/b/c/g") == "ccc")
    #expect(try Self.renamed("abc", "s/x/y/", "s/b/c/g") == "acc")
    #expect(try Self.renamed("abc", "s/a/b/", "s/x/y/") == "bbc")
    #expect(try Self.renamed("abc", "s/x/y/", "s/z/y/") == nil)
    #expect(try Self.renamed("abc", "s/a/xx/", "s/x/y/g", "s/yy/z/") == "zbc")
  }

  @Test(
    "Says where a text is wrong",
    arguments: [
      ("", "s/expression/replacement/ with any punctuation mark but \\ for /", 0),
      ("s", "s/expression/replacement/ with any punctuation mark but \\ for /", 0),
      ("y/a/b/", "s/expression/replacement/ with any punctuation mark but \\ for /", 0),
      ("sxaxbx", "s/expression/replacement/ with any punctuation mark but \\ for /", 0),
      ("s/a", "three /, the last one after the replacement", 3),
      ("s/a/b", "three /, the last one after the replacement", 5),
      ("s/a\\/b/", "three /, the last one after the replacement", 7),
      ("s/a/b\\", "three /, the last one after the replacement", 6),
      ("s/a/b/x", "the flags g and i", 6), ("s/a/\\xZ1/", "two hexadecimal digits after \\x", 6),
      ("s/a/\\x+1/", "two hexadecimal digits after \\x", 6), ("s/a/\\x1", "two hexadecimal digits after \\x", 6),
      ("s/a/\\u/", "a digit, n, r, t, x and two hexadecimal digits, or a punctuation mark after \\", 5),
    ])
  func wrong(_ text: String, _ expected: String, _ index: Int) {
    let error = #expect(throws: FilterError.self) { try NameSubstitution(text) }
    #expect(error?.expected == expected)
    #expect(error?.found.hasSuffix("at byte \(index)") == true)
  }

  @Test("Refuses a group that the expression does not have, and an expression that PCRE2 refuses")
  func missingGroup() {
    let error = #expect(throws: FilterError.self) { try NameSubstitution("s/(a)/\\2/") }
    #expect(error?.description == #"expected a group of the expression, which has 1 group, found \2 in "s/(a)/\\2/""#)
    #expect(throws: FilterError.self) { try NameSubstitution("s/(a/b/") }
  }

  @Test("Ends with an error where an expression takes too many steps")
  func costly() throws {
    let name = Array(repeating: UInt8(ascii: "a"), count: 64) + [UInt8(ascii: "b")]
    let error = #expect(throws: RDBError.self) { try Self.renamed(name, ["s/^(a+)+$/x/"]) }
    #expect(error?.code == RDBError.Code("patternTooCostly"))
    #expect(error?.key == name)
  }

  @Test("Ends with an error where a name grows beyond the longest string of a server")
  func tooLong() throws {
    let name = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
    let text = "s/a/" + String(repeating: "b", count: 600) + "/g"
    let error = #expect(throws: RDBError.self) { try Self.renamed(name, [text]) }
    #expect(error?.code == RDBError.Code("refused"))
  }
}
