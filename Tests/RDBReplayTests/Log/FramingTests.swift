import RDB
import RDBReplay
import TestSupport
import Testing

/// A file of `Fixtures/commands`, and what reading its framing gives.
struct FramingCase: Sendable, CustomTestStringConvertible {
  let name: String
  var allowsTruncated = false
  /// The number of commands that are handed out, without MULTI and EXEC.
  let commandCount: Int
  var error: String?
  var notes: [String] = []

  var testDescription: String { name }

  /// Where servers decide otherwise, the comment says why this package does.
  static let all: [FramingCase] = [
    FramingCase(name: "multi-noexec.aof", allowsTruncated: true, commandCount: 2, notes: ["cutTransaction 0:56 69"]),
    FramingCase(
      name: "multi-noexec-strict.aof", commandCount: 2,
      error: """
        truncatedCommands at offset 125: expected EXEC, which ends the transaction, found the end of the file; \
        all before 56 is whole
        """),
    FramingCase(name: "multi-nested.aof", commandCount: 5, notes: ["nestedTransaction 0:38 0"]),
    FramingCase(name: "multi-error-inside.aof", commandCount: 5),
    // An unknown command is found when it is executed.
    FramingCase(name: "multi-unknown-inside.aof", commandCount: 5),
    FramingCase(name: "tail-cut-after-star.aof", allowsTruncated: true, commandCount: 3, notes: ["cutCommand 0:77 4"]),
    FramingCase(
      name: "tail-cut-after-star.aof", commandCount: 3,
      error: """
        truncatedCommands at offset 81: expected the rest of the command that begins at 77, found the end of the file; \
        all before 77 is whole
        """),
    FramingCase(
      name: "tail-garbage.aof", commandCount: 3,
      error: "corruptRESP at offset 77: expected \"*\", the beginning of a command, found 0x0A"),
    FramingCase(name: "tail-cut-in-crlf.aof", allowsTruncated: true, commandCount: 2, notes: ["cutCommand 0:50 26"]),
    FramingCase(
      name: "middle-garbage.aof", commandCount: 2,
      error: "corruptRESP at offset 50: expected \"*\", the beginning of a command, found 0x47"),
    // Servers accept "\n" at the end of a header. It is damage that goes further: bytes of values are changed too.
    FramingCase(
      name: "lf-only-headers.aof", commandCount: 0,
      error: "corruptRESP at offset 2: expected commands as they were written, found \"\\n\" for \"\\r\\n\""),
    FramingCase(
      name: "empty-array.aof", commandCount: 2,
      error: "corruptRESP at offset 50: expected a command, found an array without elements"),
    FramingCase(
      name: "inline-in-aof.aof", commandCount: 1,
      error: "corruptRESP at offset 23: expected \"*\", the beginning of a command, found 0x53"),
    FramingCase(name: "empty-file.aof", commandCount: 0),
    FramingCase(name: "unknown-command.aof", commandCount: 4),
    FramingCase(name: "ts-annotations.aof", commandCount: 7, notes: ["badTime 0:253 0", "earlierTime 0:296 0"]),
    FramingCase(name: "ts-cut.aof", commandCount: 2, notes: ["cutAnnotation 0:66 9"]),
    FramingCase(name: "pipe-inline.resp", commandCount: 8),
    FramingCase(name: "pipe-no-final-newline.resp", commandCount: 2),
    // A server executes the commands before the line; this package does too, and then ends with the error.
    FramingCase(
      name: "pipe-unbalanced.resp", commandCount: 1,
      error: """
        corruptRESP at offset 14: expected white space after a closing quotation mark, found quotation marks that are \
        not balanced
        """),
    FramingCase(name: "pipe-comment.resp", commandCount: 4),
    // A server takes the mark as part of the command's name, and goes on.
    FramingCase(
      name: "pipe-bom.resp", commandCount: 0,
      error: """
        corruptRESP at offset 0: expected commands as they were written, found a byte order mark of UTF-8 before the \
        first command
        """),
    FramingCase(
      name: "pipe-utf16.resp", commandCount: 0,
      error: """
        corruptRESP at offset 0: expected commands as they were written, found UTF-16, as a redirection in Windows \
        PowerShell writes
        """),
    FramingCase(
      name: "pipe-crlf-mangled.resp", commandCount: 0,
      error: "corruptRESP at offset 2: expected commands as they were written, found \"\\n\" for \"\\r\\n\""),
    FramingCase(name: "pipe-dumpgo-resp.resp", commandCount: 4),
    FramingCase(
      name: "pipe-miscount.resp", commandCount: 3,
      error: """
        truncatedCommands at offset 134: expected the rest of the command that begins at 99, found the end of the file; \
        all before 99 is whole
        """),
  ]
}

@Suite("Framing of command files")
struct FramingTests {
  @Test("Reads each framing case with the expected commands, notes or error", arguments: FramingCase.all)
  func cases(_ row: FramingCase) {
    let bytes = commandFixture(row.name)
    let reading = LogReading(bytes) { $0.allowsTruncated = row.allowsTruncated }
    #expect(reading.commands.count == row.commandCount)
    #expect(reading.error == row.error)
    #expect(reading.notes == row.notes)
    for pieces in [1, 7, 4096] {
      for canSeek in [false, true] {
        let other = LogReading(bytes, pieces: pieces, canSeek: canSeek) { $0.allowsTruncated = row.allowsTruncated }
        #expect(other == reading)
      }
    }
  }

  static let logs = ["commands", "aof"].flatMap { folder in
    names(in: "\(Fixture.root)/\(folder)").filter { $0.hasSuffix(".aof") || $0.hasSuffix(".resp") }
      .map { "\(folder)/\($0)" }
  }

  @Test("Reads the same commands whole and in pieces", arguments: logs)
  func pieces(_ name: String) {
    let bytes = readFile("\(Fixture.root)/\(name)")
    let whole = LogReading(bytes) { $0.allowsTruncated = true }
    #expect(whole.lines.first == "part 0")
    for pieces in [7, 4096] {
      #expect(LogReading(bytes, pieces: pieces, canSeek: true) { $0.allowsTruncated = true } == whole)
      #expect(LogReading(bytes, pieces: pieces) { $0.allowsTruncated = true } == whole)
    }
  }

  @Test("Reads the words of inline text with the quoting rules of a server")
  func inlineText() {
    #expect(
      LogReading(commandFixture("pipe-inline.resp")).commands == [
        "SET a 1", "SET b \"two words\"", "SET c sin\"gle\\n", "SET d \"A\\x00\\n\\t\\\\\"", "set e 5",
        "RPUSH l \"\" \"\" x", "SELECT 3", "SET in3 1",
      ])
    for text in ["SET a \"x\"y", "SET a {\"k\":1}", "SET a 'x", "SET a \"x\\", "SET 'a'b c"] {
      #expect(LogReading(Array(text.utf8)).error?.contains("not balanced") == true)
    }
    #expect(LogReading(Array("SET a 'it\\'s' x\"y\" \"\\q\\xg\"".utf8)).commands == ["SET a it's xy qxg"])
  }

  @Test("Mixes arrays and text, and skips empty lines and empty arrays, in a file for --pipe")
  func mixture() {
    let text = "SET a 1\r\n*0\r\n\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n  \n*-1\r\nINCR a"
    for pieces in [1, 7, .max] {
      let reading = LogReading(Array(text.utf8), pieces: pieces)
      #expect(reading.error == nil)
      #expect(reading.lines == ["part 0", "0 SET a 1", "15 INCR a", "44 INCR a"])
    }
  }

  @Test("Rejects a NUL in a line of text, and a line that is too long")
  func badText() {
    #expect(
      LogReading(Array("SET a 1\nSET b x\0y\n".utf8)).error
        == "corruptRESP at offset 15: expected a line of text, found the byte 0x00 in it")
    let long = Array("SET a ".utf8) + [UInt8](repeating: 65, count: 70_000)
    #expect(
      LogReading(Array("SET a 1\n".utf8) + long).error
        == "corruptRESP at offset 8: expected a line of at most 65536 bytes, found a longer one")
  }

  @Test(
    "Rejects malformed headers with their offset",
    arguments: [
      ("*3x\r\n", "corruptRESP at offset 24: expected a length in digits, found \"3x\""),
      ("*-3\r\n", "corruptRESP at offset 24: expected a length in digits, found \"-3\""),
      ("*1\r\n$-1\r\n", "corruptRESP at offset 28: expected a length in digits, found \"-1\""),
      ("*1\r\n+OK\r\n", "corruptRESP at offset 27: expected a bulk string, found 0x2B"),
      ("*1\r\n$2\r\nabc\r\n", "corruptRESP at offset 33: expected \"\\r\\n\" after 2 bytes, found 0x63 0x0D"),
      (
        "*99999999999999999999\r\n",
        "corruptRESP at offset 24: expected a length in digits, found \"99999999999999999999\""
      ),
      ("*1\n$4\nPING\n", "corruptRESP at offset 25: expected \"\\r\\n\", found \"\\n\" alone"),
    ])
  func malformed(_ text: String, _ error: String) {
    for pieces in [1, 7, .max] {
      #expect(LogReading(arrays("SELECT 0") + Array(text.utf8), pieces: pieces).error == error)
    }
  }

  @Test(
    "Reports a length or a count beyond the end of the file as a cut, without allocating it",
    arguments: ["*4294967299\r\n$3\r\nSET\r\n", "*1\r\n$200000000000000\r\nabc", "*1\r\n$3000000000\r\n"])
  func claims(_ text: String) {
    let reading = LogReading(arrays("SELECT 0") + Array(text.utf8)) { $0.allowsTruncated = true }
    #expect(reading.error == nil)
    #expect(reading.notes == ["cutCommand 0:23 \(text.utf8.count)"])
  }

  @Test("Refuses a command, and a transaction, that takes more memory than allowed")
  func memory() {
    let long = Array("*1\r\n$3000000\r\n".utf8) + [UInt8](repeating: 65, count: 3_000_000) + Array("\r\n".utf8)
    #expect(
      LogReading(long) { $0.memoryLimit = 1 << 20 }.error
        == "replayMemory at offset 0: expected a command of at most 1048576 bytes (`memoryLimit`), found a longer one")
    let transaction = arrays("MULTI") + (0..<100).flatMap { arrays("SET k\($0) v") } + arrays("EXEC")
    #expect(LogReading(transaction) { $0.memoryLimit = 1 << 20 }.error == nil)
    #expect(
      LogReading(transaction) { $0.memoryLimit = 1000 }.error
        == """
        replayMemory at offset 127: expected a transaction of at most 1000 bytes (`memoryLimit`), found a longer one, \
        which begins at 0
        """)
  }

  @Test("Reports each cut of a file with the offset of the last whole command")
  func cuts() {
    let bytes = arrays("SELECT 0", "SET a 1", "MULTI", "SET b 2", "EXEC", "SET c 3")
    // The offsets after a whole command outside a transaction.
    let whole = [0, 23, 50, 106, 133]
    for end in 1..<bytes.count where !whole.contains(end) {
      let last = whole.last { $0 < end }!
      let cut = LogReading(Array(bytes[..<end]))
      #expect(cut.error?.hasPrefix("truncatedCommands at offset \(end): ") == true)
      #expect(cut.error?.hasSuffix("all before \(last) is whole") == true)
      let accepted = LogReading(Array(bytes[..<end])) { $0.allowsTruncated = true }
      #expect(accepted.error == nil)
      #expect(accepted.notes.count == 1)
      #expect(accepted.notes[0].hasSuffix("0:\(last) \(end - last)"))
      #expect(accepted.lines == LogReading(Array(bytes[..<last])).lines)
    }
  }
}
