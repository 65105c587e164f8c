import RDB
import RDBEdit
import RDBFormat
import RDBLZF
import TestSupport
import Testing

/// The limits by which encodings are chosen, and the configuration file that sets them.
@Suite("The limits of encodings")
struct LimitTests {
  private static let configuration = """
    # a comment
    maxmemory 100mb
    rdbcompression no
    rdbchecksum yes
    hash-max-ziplist-entries 2
    hash-max-listpack-value 1k
    set-max-intset-entries 3
    SET-MAX-LISTPACK-ENTRIES 4
    zset-max-ziplist-value "8"
    list-max-ziplist-size -1
    stream-node-max-bytes 4kb
    stream-node-max-entries 0
    """

  @Test("come from a configuration file with the names of any release")
  func configuration() throws {
    let settings = try ServerConfiguration(Array(Self.configuration.utf8))
    #expect(settings.compresses == false && settings.storesChecksum == true)
    let limits = settings.limits(of: ServerVersion(.redis, 7, 2))
    #expect(limits.hashEntries == 2 && limits.hashByteCount == 1000 && limits.intsetEntries == 3)
    #expect(limits.setEntries == 4 && limits.zsetByteCount == 8 && limits.zsetEntries == 128)
    #expect(limits.listNodeByteCount == 4096 && limits.listNodeEntries == nil)
    #expect(limits.streamNodeByteCount == 4096 && limits.streamNodeEntries == 0)
    // Redis 7.0 has no packed sets, whatever its file says.
    #expect(settings.limits(of: ServerVersion(.redis, 7, 0)).setEntries == 0)
    let counted = try ServerConfiguration(Array("list-max-listpack-size 7".utf8)).limits(
      of: ServerVersion(.redis, 7, 2))
    #expect(counted.listNodeEntries == 7 && counted.listNodeByteCount == 8192)
  }

  @Test(
    "are not taken from a value that cannot be understood",
    arguments: [
      "rdbcompression maybe", "hash-max-listpack-entries many", "list-max-listpack-size -6",
      "zset-max-listpack-value 8tb",
    ])
  func unreadable(_ line: String) {
    let error = #expect(throws: ServerConfiguration.Failure.self) {
      try ServerConfiguration(Array("#\n\(line)\n".utf8))
    }
    #expect(error?.line == 2 && error?.offset == 2)
  }

  @Test("are taken from the text of a configuration file, with the choice of compression and checksum")
  func applied() throws {
    var options = SnapshotWritingOptions(target: ServerVersion(.redis, 7, 2))
    options.compressor = { LZFCompressor() }
    try options.apply(configuration: Array("rdbchecksum no\nzset-max-listpack-entries 5".utf8))
    #expect(options.limits.zsetEntries == 5 && options.limits.hashEntries == 512)
    #expect(!options.storesChecksum && options.compressor != nil)
    try options.apply(configuration: Array("rdbcompression no".utf8))
    #expect(options.compressor == nil && !options.storesChecksum)
    let error = #expect(throws: RDBError.self) {
      try options.apply(configuration: Array("# limits\nhash-max-listpack-entries many".utf8))
    }
    #expect(error?.code == .refused && error?.offset == 9)
    #expect(error?.expected == "a size for hash-max-listpack-entries in line 2")
  }

  /// A snapshot with one collection per key; the names are numbers of elements.
  private static func snapshot(_ counts: [Int], element: (Int) -> String) throws -> [UInt8] {
    let destination = MemoryDestination()
    var writer = try RDBWriter(to: destination, header: SnapshotHeader(vendor: .redis, version: 9))
    for (data, type) in [("s", ValueType.set), ("z", .zset2), ("h", .hash), ("l", .list)] {
      for count in counts {
        let name = Array("\(data)\(count)".utf8)
        try writer.beginElements(name.span.bytes, type, count: UInt64(count))
        for number in 0..<count {
          let bytes = Array(element(number).utf8)
          switch type {
          case .set: try writer.setMember(bytes.span.bytes)
          case .zset2: try writer.zsetMember(bytes.span.bytes, score: Double(count - number))
          case .hash: try writer.hashField(bytes.span.bytes, value: bytes.span.bytes)
          default: try writer.listElement(bytes.span.bytes)
          }
        }
        try writer.endKey()
      }
    }
    _ = try writer.finish()
    return destination.bytes
  }

  private static func types(_ bytes: [UInt8], _ target: String) throws -> [String: String] {
    let rewritten = try Rewritten(bytes, for: ServerVersion(target)!) { $0.sanitizes = true }
    var keys = SnapshotKeys(MemorySource(rewritten.bytes)) { _ in .header }
    var types: [String: String] = [:]
    while let key = try keys.next() { types[String(decoding: key.name, as: UTF8.self)] = key.storedType.name }
    return types
  }

  @Test("decide at their exact number and length of elements")
  func exact() throws {
    let words = try Self.snapshot([128, 129, 512, 513]) { "member\($0)" }
    var types = try Self.types(words, "7.2")
    #expect(types["s128"] == "set_listpack" && types["s129"] == "set")
    #expect(types["z128"] == "zset_listpack" && types["z129"] == "zset_2")
    #expect(types["h512"] == "hash_listpack" && types["h513"] == "hash")
    types = try Self.types(words, "6.2")
    #expect(types["s128"] == "set" && types["z128"] == "zset_ziplist" && types["h512"] == "hash_ziplist")
    #expect(types["l128"] == "list_quicklist")
    types = try Self.types(words, "2.8")
    #expect(types["z129"] == "zset" && types["l512"] == "list_ziplist" && types["l513"] == "list")
    let numbers = try Self.snapshot([512, 513]) { "\($0 - 40)" }
    types = try Self.types(numbers, "7.2")
    #expect(types["s512"] == "set_intset" && types["s513"] == "set")
    let long = try Self.snapshot([2]) { String(repeating: "x", count: 64 + $0) }
    types = try Self.types(long, "7.2")
    #expect(types["s2"] == "set" && types["h2"] == "hash" && types["z2"] == "zset_2")
  }
}
