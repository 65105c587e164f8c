import RDBFiltering
import Testing

@Suite("A glob")
struct GlobTests {
  static func matches(_ pattern: String, _ name: String) -> Bool {
    matches(Glob(pattern), Array(name.utf8))
  }

  static func matches(_ glob: Glob, _ name: [UInt8]) -> Bool { glob.matches(name.span.bytes) }

  /// The pairs come from the replies of Redis 7.0.15 to `KEYS`.
  @Test(
    "Matches every name that Redis matches",
    arguments: [
      ("*", "abc"), ("a*", "a"), ("a*", "abc"), ("*c", "abc"), ("a*c", "ac"), ("a*c", "abbbc"),
      ("h?llo", "hello"), ("h?llo", "hallo"), ("h*llo", "hllo"), ("h*llo", "heeeello"),
      ("h[ae]llo", "hello"), ("h[ae]llo", "hallo"), ("h[^e]llo", "hallo"), ("h[a-b]llo", "hbllo"),
      ("h[b-a]llo", "hallo"), (#"a\*b"#, "a*b"), (#"a\?b"#, "a?b"), (#"\[a]"#, "[a]"), (#"a\"#, #"a\"#),
      (#"[\]]"#, "]"), (#"[\a-c]"#, "-"), (#"[\a-c]"#, "c"), ("[a-]", "]"), ("[a-]b", "a"),
      ("[a-]b", "b"), ("[abc", "c"), ("[^abc", "d"), ("[^]", "x"), ("[^]", "]"), ("[-a]", "-"),
      ("[ab-]", "b"), (#"[a\"#, #"\"#), ("a**b", "ab"), ("*a*b*", "xaxbx"), ("[*]", "*"), ("?", "\n"), ("", ""),
    ])
  func match(_ pattern: String, _ name: String) {
    #expect(Self.matches(pattern, name))
  }

  @Test(
    "Rejects every name that Redis rejects",
    arguments: [
      ("a*", "ba"), ("*c", "abcd"), ("h?llo", "hllo"), ("h[ae]llo", "hillo"), ("h[^e]llo", "hello"),
      ("h[a-b]llo", "hcllo"), (#"a\*b"#, "axb"), (#"a\?b"#, "axb"), ("[]", "]"), ("[]a]", "]"), ("[", "["),
      ("[^abc", "c"), ("?", ""), ("a", "A"), ("a", ""), ("", "a"), ("abc", "ab"), ("ab", "abc"), ("[a-]b", "ab"),
    ])
  func mismatch(_ pattern: String, _ name: String) {
    #expect(!Self.matches(pattern, name))
  }

  @Test("Compares bytes, not characters")
  func bytes() {
    #expect(Self.matches(Glob([0xFF, UInt8(ascii: "*")]), [0xFF, 0x00, 0xFE]))
    #expect(!Self.matches("?", "ä"))
    #expect(Self.matches("??", "ä"))
    #expect(Self.matches(Glob([0x5B, 0x80, 0x2D, 0xFF, 0x5D]), [0xC3]))
  }

  @Test("Matches a pattern of many stars in time at most proportional to name length times pattern length")
  func pathological() {
    let pattern = Glob(String(repeating: "a*", count: 2000) + "b")
    let name = [UInt8](repeating: UInt8(ascii: "a"), count: 100_000)
    let start = ContinuousClock.now
    #expect(!Self.matches(pattern, name))
    #expect(Self.matches(Glob(String(repeating: "*a", count: 50) + "*"), name))
    #expect(ContinuousClock.now - start < .seconds(20))
  }
}
