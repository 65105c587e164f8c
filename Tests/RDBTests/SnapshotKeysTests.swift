import RDB
import RDBFormat
import TestSupport
import Testing

@Suite("Owned keys")
struct SnapshotKeysTests {
  static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// A string of 10 bytes, a list of 3 × 100 bytes, a string of 20 bytes.
  static func snapshot() throws -> [UInt8] {
    try WritingTests.write(10) { writer in
      let (a, b, c) = (bytes("a"), bytes("b"), bytes("c"))
      let (short, element, long) = (
        [UInt8](repeating: 65, count: 10), [UInt8](repeating: 66, count: 100), [UInt8](repeating: 67, count: 20)
      )
      try writer.string(a.span.bytes, short.span.bytes)
      try writer.beginElements(b.span.bytes, .list, count: 3)
      for _ in 0..<3 { try writer.listElement(element.span.bytes) }
      try writer.endKey()
      try writer.string(c.span.bytes, long.span.bytes)
    }
  }

  @Test("go on after a value over the limit, which is reported on its key")
  func limit() throws {
    var keys = SnapshotKeys(MemorySource(try Self.snapshot()), valueLimit: 299)
    #expect(try keys.next()?.value == .string([UInt8](repeating: 65, count: 10)))
    let list = try #require(try keys.next())
    #expect(list.name == Self.bytes("b"))
    #expect(list.value == .tooLarge)
    #expect(try keys.next()?.value == .string([UInt8](repeating: 67, count: 20)))
    #expect(try keys.next() == nil)
  }

  @Test("count the value alone against the limit")
  func limitCountsTheValue() throws {
    var keys = SnapshotKeys(MemorySource(try Self.snapshot()), valueLimit: 300)
    var tooLarge = 0
    while let key = try keys.next() { if key.value == .tooLarge { tooLarge += 1 } }
    #expect(tooLarge == 0)
  }

  @Test("come with value, with header alone, or not at all, as the caller chooses per key")
  func choice() throws {
    var keys = SnapshotKeys(MemorySource(try Self.snapshot())) { key in
      switch key.type {
      case .list: .header
      default: key.name.byteCount == 1 && key.name.unsafeLoad(as: UInt8.self) == UInt8(ascii: "a") ? .value : .skip
      }
    }
    #expect(try keys.next()?.value == .string([UInt8](repeating: 65, count: 10)))
    #expect(try keys.next()?.value == .notRead)
    #expect(try keys.next() == nil)
  }

  @Test("keep a hash's fields in file order")
  func fieldOrder() throws {
    let names = ["z", "a", "m", "b"].map(Self.bytes)
    let snapshot = try WritingTests.write(10) { writer in
      let first = names[0]
      try writer.beginElements(first.span.bytes, .hash, count: 4)
      for name in names { try writer.hashField(name.span.bytes, value: name.span.bytes) }
      try writer.endKey()
    }
    var keys = SnapshotKeys(MemorySource(snapshot))
    let key = try #require(try keys.next())
    #expect(key.value == .hash(names.map { ($0, $0, nil) }))
    #expect(key == SnapshotKey(name: names[0], storedType: .hash, value: key.value))
  }

  @Test("before damage come first, then the error once, then nothing")
  func damage() throws {
    var bytes = try Self.snapshot()
    bytes.removeLast(30)
    var keys = SnapshotKeys(MemorySource(bytes))
    #expect(try keys.next()?.name == Self.bytes("a"))
    #expect(try keys.next()?.name == Self.bytes("b"))
    let error = #expect(throws: RDBError.self) { try keys.next() }
    #expect(error?.code == .truncated)
    #expect(try keys.next() == nil)
  }
}
