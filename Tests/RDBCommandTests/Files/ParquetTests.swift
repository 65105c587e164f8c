import Foundation
import TestSupport
import Testing

@Suite("rdb parquet")
struct ParquetTests {
  private static func folder() -> Scratch {
    let folder = Scratch()
    folder.copy(.named("redis-7.2.6/all"))
    return folder
  }

  /// The bytes of all files below a folder, by path.
  private static func files(_ name: String, in folder: Scratch) -> [String: Data] {
    let path = "\(folder.path)/\(name)"
    var files: [String: Data] = [:]
    for case let file as String in FileManager.default.enumerator(atPath: path) ?? .init() {
      if file.hasSuffix(".parquet") { files[file] = FileManager.default.contents(atPath: "\(path)/\(file)") }
    }
    return files
  }

  @Test("writes the same files for any number of threads, and verifies them")
  func verifies() {
    let folder = Self.folder()
    let one = Tool.shell("rdb parquet dump.rdb --values -o one -j 1", in: folder)
    let two = Tool.shell("rdb parquet dump.rdb --values -o two -j 3", in: folder)
    #expect(one.status == 0 && one == two)
    let files = Self.files("one", in: folder)
    #expect(files.count == 11)
    #expect(files == Self.files("two", in: folder))
    #expect(one.text.contains("keys/dump=dump.rdb/part-0.parquet "))
    #expect(one.error.contains("72 keys read, 72 written"))
    let verified = Tool.shell("rdb parquet dump.rdb --verify one", in: folder)
    #expect(verified.status == 0)
    #expect(!verified.text.contains("export: "))
    #expect(folder.names == ["dump.rdb", "one", "two"])
  }

  @Test("makes a partition of each dump, and finds the one that differs")
  func partitions() {
    let folder = Self.folder()
    folder.copy(.named("redis-7.2.6/strings"), as: "b c.rdb")
    let written = Tool.shell("rdb parquet dump.rdb 'b c.rdb' -o tables -q", in: folder)
    #expect(written.status == 0)
    #expect(
      Self.files("tables", in: folder).keys.sorted() == [
        "keys/dump=b%20c.rdb/part-0.parquet", "keys/dump=dump.rdb/part-0.parquet",
      ])
    #expect(Tool.shell("rdb parquet 'b c.rdb' dump.rdb --verify tables", in: folder).status == 0)
    folder.copy(.named("redis-7.2.6/lists"), as: "b c.rdb")
    let other = Tool.shell("rdb parquet dump.rdb 'b c.rdb' --verify tables", in: folder)
    #expect(other.status == 1)
    #expect(other.text.contains("export: "))
    #expect(Tool.shell("rdb parquet other.rdb --verify tables", in: folder).status == 66)
  }

  @Test("writes and verifies the keys that a filter keeps")
  func filtered() {
    let folder = Self.folder()
    let written = Tool.shell("rdb parquet dump.rdb -t hash --values -o tables", in: folder)
    #expect(written.status == 0)
    #expect(
      Self.files("tables", in: folder).keys.sorted() == [
        "elements/type=hash/dump=dump.rdb/part-0.parquet", "keys/dump=dump.rdb/part-0.parquet",
      ])
    #expect(Tool.shell("rdb parquet dump.rdb -t hash --verify tables", in: folder).status == 0)
    #expect(Tool.shell("rdb parquet dump.rdb --verify tables", in: folder).status == 1)
  }

  @Test("leaves no folder behind for a damaged dump, and refuses a damaged export")
  func damaged() throws {
    let folder = Self.folder()
    let whole = Fixture.named("redis-7.2.6/all").bytes
    folder.write(Array(whole.dropLast(100)), as: "cut.rdb")
    #expect(Tool.shell("rdb parquet cut.rdb --values -o tables", in: folder).status == 65)
    #expect(folder.names == ["cut.rdb", "dump.rdb"])
    #expect(Tool.shell("rdb parquet dump.rdb -o tables", in: folder).status == 0)
    let path = "tables/keys/dump=dump.rdb/part-0.parquet"
    let bytes = [UInt8](try #require(folder.contents(of: path)))
    folder.write(Array(bytes.dropLast(9)), as: path)
    let refused = Tool.shell("rdb parquet dump.rdb --verify tables", in: folder)
    #expect(refused.status == 65)
    #expect(refused.error.contains("corruptParquet"))
  }

  @Test("refuses options that contradict each other, and a folder that is in use")
  func usage() {
    let folder = Self.folder()
    #expect(Tool.shell("rdb parquet dump.rdb", in: folder).status == 64)
    #expect(Tool.shell("rdb parquet dump.rdb -o a --verify a", in: folder).status == 64)
    #expect(Tool.shell("rdb parquet dump.rdb --verify a --values", in: folder).status == 64)
    #expect(Tool.shell("rdb parquet - - -o a", in: folder).status == 64)
    #expect(Tool.shell("rdb parquet dump.rdb -o .", in: folder).status == 64)
    #expect(Tool.shell("rdb parquet dump.rdb --verify missing", in: folder).status == 74)
  }
}
