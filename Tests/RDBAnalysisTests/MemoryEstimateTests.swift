import Foundation
import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport
import TestSupport
import Testing

@Suite("The memory estimate")
struct MemoryEstimateTests {
  @Test(
    "Is within 10 % of the recorded MEMORY USAGE for 99 % of the keys, and its errors are the documented ones",
    arguments: Calibration.all)
  func calibration(_ calibration: Calibration) throws {
    let errors = try calibration.errors()
    #expect(errors.count > 5000)
    let close = errors.filter { $0.error.magnitude <= 0.1 }.count
    #expect(Double(close) >= 0.99 * Double(errors.count))
    let table = Calibration.table(calibration.name, errors)
    let documentation = String(
      decoding: readFile(
        Fixture.root + "/../Sources/RDBAnalysis/RDBAnalysis.docc/MemoryModel.md"), as: UTF8.self)
    let documented = documentation.split(separator: "\n").filter { $0.hasPrefix("| \(calibration.name) ") }
    #expect(documented.map(String.init) == table)
  }

  @Test("Is within 10 % of the MEMORY USAGE in the expected output of Redis 8.2.3")
  func golden() throws {
    var compared = 0
    for fixture in Fixture.valid where fixture.folder == "redis-8.2.3" {
      var reader = smallReader(fixture.bytes)
      let model = ServerModel(try reader.origin().assumedWriter)
      let rows = try memoryRows(fixture.bytes, model)
      for golden in try Golden.rows(at: fixture.goldenPath) {
        guard let memory = golden.memory, let key = golden.key, golden.type != "module" else { continue }
        let row = try #require(rows.first { $0.name == key && $0.database == golden.database })
        let estimate = try #require(row.memoryByteCount)
        #expect(estimate.distance(to: memory).magnitude * 10 <= memory, "\(fixture) \(printable(key))")
        compared += 1
      }
    }
    #expect(compared > (TestExtent.current == .sample ? 200 : 700))
  }

  @Test(
    "Predicts the encoding that Redis 8.2.3 shows after loading",
    arguments: Fixture.valid.filter { $0.folder == "redis-8.2.3" })
  func encodings(_ fixture: Fixture) throws {
    // The server that wrote a value loads it with the same encoding.
    let rows = try memoryRows(fixture.bytes, ServerModel(ServerVersion(.redis, 8, 2, 3)))
    for golden in try Golden.rows(at: fixture.goldenPath) where golden.type != "module" {
      guard let key = golden.key, let row = rows.first(where: { $0.name == key && $0.database == golden.database })
      else { continue }
      #expect(row.encoding?.rawValue == golden.encoding, "\(printable(key))")
    }
  }

  @Test("Does not depend on the number of workers or on hashing", arguments: Fixture.valid)
  func workers(_ fixture: Fixture) throws {
    let model = ServerModel(ServerVersion(.valkey, 9, 0), allocator: .libc)
    let alone = try memoryRows(fixture.bytes, model)
    for threads in [2, 7] { #expect(try memoryRows(fixture.bytes, model, threads: threads) == alone) }
    // With hashing, strings are measured from their stored bytes, not by the reader.
    #expect(try memoryRows(fixture.bytes, model, hashes: true) == alone)
  }

  @Test("Counts elements, and names the largest one")
  func rows() throws {
    var snapshot = SnapshotBuilder()
    snapshot.string("s", "hello")
    snapshot.set("members", ["a", "ccc", "bb", "ddd"])
    snapshot.hash("fields", [("long-field", "v"), ("f", "value"), ("g", "12345")])
    snapshot.strings(1, "list", count: 3, ["x", "yyyy", "z"])
    let rows = try memoryRows(snapshot.whole, ServerModel(ServerVersion(.redis, 7, 2)))
    #expect(rows.map { $0.elementCount } == [1, 4, 3, 3])
    #expect(rows.map { $0.largestElementByteCount } == [5, 3, 5, 4])
    #expect(rows.map { String(decoding: $0.largestElement, as: UTF8.self) } == ["", "ccc", "f", "1"])
    #expect(rows.map { $0.encoding } == [.embstr, .listpack, .listpack, .listpack])
    #expect(rows.map { $0.serializedByteCount } == [6, 14, 30, 10])
  }

  @Test("Rounds sizes as the allocators do")
  func allocators() {
    let rows: [(byteCount: UInt64, sizes: [UInt64])] = [
      (1, [8, 8, 24, 1]), (9, [16, 16, 24, 9]), (17, [24, 32, 24, 17]), (25, [32, 32, 40, 25]),
      (65, [80, 80, 72, 65]), (129, [160, 160, 136, 129]), (536, [640, 640, 536, 536]),
      (10_007, [10_240, 10_240, 10_008, 10_007]), (1_000_010, [1_048_576, 1_048_576, 1_000_024, 1_000_010]),
    ]
    for (byteCount, sizes) in rows {
      #expect(
        [Allocator.jemalloc, .systemJemalloc, .libc, Allocator.none].map { $0.size(byteCount) } == sizes)
    }
    // Sizes as in hostile files do not overflow.
    for allocator in Allocator.allCases {
      for byteCount in [UInt64.max, UInt64.max - 7, 1 << 62, 1 << 63] as [UInt64] {
        #expect(allocator.size(byteCount) >= 0)
      }
    }
  }

  @Test("Counts the nodes of radix trees as XINFO STREAM does")
  func radixTrees() {
    // Measured on Valkey 9.1.2, one entry per node, IDs 1000-1, 1001-1 …
    for (count, nodes) in [(1, 2), (2, 6), (3, 8), (5, 12), (10, 22)] as [(UInt64, UInt64)] {
      var rax = RaxEstimate(allocator: .libc)
      for number in 0..<count { rax.insert(StreamID(1000 + number, 1)) }
      #expect(rax.nodeCount == nodes)
      #expect(rax.count == count)
    }
    #expect(RaxEstimate(allocator: .libc).nodeCount == 1)
    #expect(RaxEstimate(allocator: .libc).byteCount == 64)
    // IDs out of order, as in damaged files, do not trap.
    var rax = RaxEstimate(allocator: .jemalloc)
    for id in [5, 5, 1, UInt64.max, 0, 9] as [UInt64] { rax.insert(StreamID(id, id)) }
    #expect(rax.count == 6)
  }
}
