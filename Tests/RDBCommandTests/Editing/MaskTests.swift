import Foundation
import TestSupport
import Testing

@Suite("rdb mask")
struct MaskTests {
  /// The sum of the memory in rows of `rdb memory --json`.
  private func bytes(_ rows: String) -> Int {
    rows.matches(of: /"memory_bytes":(\d+)/).reduce(0) { $0 + (Int($1.output.1) ?? 0) }
  }

  @Test(
    "writes a snapshot that needs as much memory, with the same salt the same bytes for any number of threads",
    arguments: ["redis-7.2.6/all", "redis-6.2.16/sessions", "valkey-9.1.2/all", "redis-4.0.14/all"])
  func memory(_ fixture: String) throws {
    let folder = Scratch()
    folder.copy(.named(fixture))
    folder.write(Array("secret\n".utf8), as: "salt")
    let masked = Tool.run("mask", "dump.rdb", "-q", "--lossy", "-o", "masked.rdb", "--salt", "salt", in: folder)
    #expect(masked.status == 0, "\(masked.error)")
    let again = Tool.shell(
      "RDB_MASK_SALT=secret rdb mask -j 3 -q --lossy - -o again.rdb <dump.rdb", in: folder)
    #expect(again.status == 0, "\(again.error)")
    #expect(folder.contents(of: "masked.rdb") == folder.contents(of: "again.rdb"))
    let plain = bytes(Tool.run("memory", "--json", "-q", "dump.rdb", "--no-type", "module", in: folder).text)
    let result = bytes(Tool.run("memory", "--json", "-q", "masked.rdb", in: folder).text)
    #expect(plain > 0 && abs(plain - result) * 100 <= plain, "\(plain) and \(result)")
    #expect(Tool.run("check", "-q", "masked.rdb", in: folder).status == 0)
  }

  @Test("writes other bytes without a salt each time, and says so")
  func random() throws {
    let folder = Scratch()
    folder.copy(.named("redis-7.2.6/strings"))
    let first = Tool.run("mask", "dump.rdb", "-o", "first.rdb", in: folder)
    #expect(first.status == 0 && first.error.contains("salt was random"), "\(first.error)")
    #expect(Tool.run("mask", "dump.rdb", "-o", "second.rdb", in: folder).status == 0)
    #expect(folder.contents(of: "first.rdb") != folder.contents(of: "second.rdb"))
  }

  @Test("lists functions and modules as lost")
  func losses() throws {
    let folder = Scratch()
    folder.copy(.named("redis-8.2.3/bloom"))
    let masked = Tool.run("mask", "dump.rdb", "-o", "masked.rdb", in: folder)
    #expect(masked.status == 3)
    #expect(masked.error.contains("values of modules cannot be masked"), "\(masked.error)")
    #expect(Tool.run("mask", "dump.rdb", "-o", "masked.rdb", "--lossy", in: folder).status == 0)
  }

  @Test("refuses an empty salt, a missing file of the salt, and separators that are not ASCII")
  func refused() throws {
    let folder = Scratch()
    folder.copy(.named("redis-7.2.6/strings"))
    folder.write([10], as: "empty")
    #expect(Tool.run("mask", "dump.rdb", "-o", "m.rdb", "--salt", "empty", in: folder).status == 64)
    #expect(Tool.run("mask", "dump.rdb", "-o", "m.rdb", "--salt", "missing", in: folder).status == 66)
    #expect(Tool.run("mask", "dump.rdb", "-o", "m.rdb", "--sep", "→", in: folder).status == 64)
    #expect(Tool.run("mask", "dump.rdb", "-o", "m.rdb", "--keep-names", "1", in: folder).status == 64)
    #expect(folder.contents(of: "m.rdb") == nil)
  }

  @Test("leaves no output of a damaged snapshot")
  func damaged() throws {
    let folder = Scratch()
    folder.write(Array(Fixture.named("redis-7.2.6/all").bytes.dropLast(20)), as: "dump.rdb")
    #expect(Tool.run("mask", "dump.rdb", "-o", "m.rdb", in: folder).status == 65)
    #expect(folder.contents(of: "m.rdb") == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["dump.rdb"])
  }
}
