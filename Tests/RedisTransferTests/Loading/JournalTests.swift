import Foundation
import RDBFormat
import RedisTransfer
import TestSupport
import Testing

@Suite("The journal of a load")
struct JournalTests {
  private let scratch = Scratch()
  private var path: String { scratch.path + "/journal" }
  private let identity = JournalIdentity(
    inputByteCount: 1234, inputDigest: "ab", options: "cd", target: "redis://\"host\\\u{1}é:6379")

  private func text() -> String { String(decoding: scratch.contents(of: "journal") ?? Data(), as: UTF8.self) }

  @Test("Goes on after the last safe key of an earlier load")
  func goesOn() throws {
    do {
      let journal = try Journal(path: path, identity: identity)
      #expect(journal.safeKeyCount == 0)
      try journal.record(safeKeyCount: 10)
    }
    let lines = text().split(separator: "\n")
    #expect(lines.count == 2 && lines[1] == "keys 10")
    #expect(lines[0].hasPrefix("{\"rdbLoadJournal\":\"1\",\"inputByteCount\":\"1234\""))
    #expect(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: String] != nil)
    do {
      let journal = try Journal(path: path, identity: identity)
      #expect(journal.safeKeyCount == 10)
      #expect(!journal.isDone)
      try journal.record(safeKeyCount: 9)
      try journal.stop(safeKeyCount: 11)
    }
    do {
      let journal = try Journal(path: path, identity: identity)
      #expect(journal.safeKeyCount == 11)
      try journal.finish(keyCount: 12)
      try journal.record(safeKeyCount: 13)
    }
    let journal = try Journal(path: path, identity: identity)
    #expect(journal.safeKeyCount == 12)
    #expect(journal.isDone)
    #expect(text().split(separator: "\n").dropFirst() == ["keys 10", "keys 11", "done 12"])
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test("Keeps which keys may have been sent, how many were refused, and the processes of the servers")
  func otherFacts() throws {
    let server = ServerProcess(identifier: "aa", history: "bb")
    do {
      let journal = try Journal(path: path, identity: identity)
      try journal.begin(at: [server])
      try journal.record(safeKeyCount: 10, sentBefore: 40, lostKeyCount: 2)
    }
    #expect(text().hasSuffix("\nkeys 0 server aa/bb/0\nkeys 10 sent 40 lost 2 server aa/bb/0\n"))
    do {
      let journal = try Journal(path: path, identity: identity)
      #expect(journal.safeKeyCount == 10 && journal.sentEnd == 40 && journal.lostKeyCount == 2)
      #expect(journal.servers == [server])
      // The server lost keys. The masters of a cluster are several.
      let others = ["cc", "dd"].map { ServerProcess(identifier: $0, history: "") }
      try journal.begin(at: others, safeKeyCount: 0)
      try journal.record(safeKeyCount: 5)
    }
    let journal = try Journal(path: path, identity: identity)
    #expect(journal.safeKeyCount == 5 && journal.sentEnd == 40 && journal.lostKeyCount == 2)
    try journal.finish(keyCount: 50, lostKeyCount: 3)
    #expect(journal.servers.map(\.identifier) == ["cc", "dd"])
    #expect(text().hasSuffix("done 50 lost 3 server cc//0 server dd//0\n"))
  }

  @Test("Has at most ten lines per second")
  func rate() throws {
    let journal = try Journal(path: path, identity: identity)
    let start = ContinuousClock.now
    for step in 0..<2000 {
      try journal.record(safeKeyCount: UInt64(step + 1), at: start + .milliseconds(step))
    }
    #expect(text().split(separator: "\n").count == 1 + 20)
  }

  @Test("Ignores a line that is cut at any byte")
  func cutAnywhere() throws {
    do {
      let journal = try Journal(path: path, identity: identity)
      let start = ContinuousClock.now
      for step in 1...3 { try journal.record(safeKeyCount: UInt64(step * 1111), at: start + .seconds(step)) }
    }
    let whole = Array(text().utf8)
    let header = try #require(whole.firstIndex(of: 10)) + 1
    for count in 0...whole.count {
      scratch.write(Array(whole[..<count]), as: "journal")
      let expected = count < header ? 0 : UInt64((count - header) / 10 * 1111)
      do {
        let journal = try Journal(path: path, identity: identity)
        try #require(journal.safeKeyCount == expected, "cut at \(count)")
        try journal.record(safeKeyCount: 5000)
      }
      let again = try Journal(path: path, identity: identity)
      try #require(again.safeKeyCount == 5000, "cut at \(count)")
    }
  }

  @Test("Is refused with the name of the fact that differs")
  func differs() throws {
    _ = try Journal(path: path, identity: identity)
    let before = text()
    let others: [(JournalIdentity.Field, WritableKeyPath<JournalIdentity, String>)] = [
      (.inputDigest, \.inputDigest), (.options, \.options), (.target, \.target),
    ]
    for (field, keyPath) in others {
      var other = identity
      other[keyPath: keyPath] += "x"
      let expected = JournalError.differs(field, expected: other[keyPath: keyPath], found: identity[keyPath: keyPath])
      #expect(throws: expected) { try Journal(path: path, identity: other) }
    }
    var other = identity
    other.inputByteCount = 1
    #expect(throws: JournalError.differs(.inputByteCount, expected: "1", found: "1234")) {
      try Journal(path: path, identity: other)
    }
    scratch.write(Array(before.replacing("\"1\"", with: "\"2\"", maxReplacements: 1).utf8), as: "journal")
    #expect(throws: JournalError.differs(.version, expected: "1", found: "2")) {
      try Journal(path: path, identity: identity)
    }
  }

  @Test(
    "Leaves another file as it is", arguments: ["no journal", "no journal\n", "{}\n", "{\"rdbLoadJournal\":1}\n", "\n"])
  func otherFile(_ contents: String) throws {
    scratch.write(Array(contents.utf8), as: "journal")
    #expect(throws: JournalError.malformed(line: 1)) { try Journal(path: path, identity: identity) }
    #expect(text() == contents)
  }

  @Test("Is refused with a line of another form, as a symbolic link, as a folder, and while another process uses it")
  func refused() throws {
    do {
      let journal = try Journal(path: path, identity: identity)
      #expect(throws: JournalError.inUse) { try Journal(path: path, identity: identity) }
      _ = journal
    }
    scratch.write(Array((text() + "keys -1\n").utf8), as: "journal")
    #expect(throws: JournalError.self) { try Journal(path: path, identity: identity) }
    try FileManager.default.createSymbolicLink(atPath: path + "-link", withDestinationPath: path + "-new")
    #expect(throws: RDBError.self) { try Journal(path: path + "-link", identity: identity) }
    #expect(!FileManager.default.fileExists(atPath: path + "-new"))
    #expect(throws: RDBError.self) { try Journal(path: scratch.path, identity: identity) }
    #expect(throws: JournalError.notAFile) { try Journal(path: "/dev/null", identity: identity) }
  }

  @Test("Tells inputs apart by their size and by each byte")
  func inputs() throws {
    func identity(_ bytes: [UInt8], options: String = "") throws -> JournalIdentity {
      scratch.write(bytes, as: "input")
      let file = try #require(FileHandle(forReadingAtPath: scratch.path + "/input"))
      return try JournalIdentity(input: file.fileDescriptor, options: options, target: "t")
    }
    let bytes = [UInt8](repeating: 7, count: 200_000)
    let first = try identity(bytes)
    #expect(first.inputByteCount == 200_000)
    #expect(first.inputDigest.count == 64)
    let again = try identity(bytes)
    #expect(again == first)
    for index in [0, 65_535, 100_000, 200_000 - 65_536, 199_999] {
      var other = bytes
      other[index] = 8
      let changed = try identity(other)
      #expect(changed.inputDigest != first.inputDigest)
    }
    let longer = try identity(bytes + [7])
    #expect(longer != first)
    let otherOptions = try identity(bytes, options: "--replace")
    #expect(otherOptions.options != first.options)
    let empty = try identity([])
    #expect(empty.inputByteCount == 0)
  }
}
