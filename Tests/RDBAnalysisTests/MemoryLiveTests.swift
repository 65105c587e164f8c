import Foundation
import RDB
import RDBAnalysis
import RDBFormat
import RDBGeneration
import RDBSupport
import RESP
import TestSupport
import Testing

/// Adds up the estimates of all keys.
struct MemorySum: MemoryReceiver, MergeableSummary {
  var sum: UInt64 = 0
  var keys: UInt64 = 0
  func wantsHash(_ key: borrowing KeyHeader) -> Bool { false }
  mutating func receive(_ row: borrowing MeasuredKey) throws(RDBError) {
    sum += row.memoryByteCount ?? 0
    keys += 1
  }
  mutating func merge(_ other: MemorySum) { (sum, keys) = (sum + other.sum, keys + other.keys) }
  consuming func finish() throws(RDBError) -> MemorySum { self }
}

/// Compares estimates with servers that have just loaded generated snapshots.
@Suite("The memory estimate, compared with a live server", .serialized)
struct MemoryLiveTests {
  static func model(_ kind: LiveServer.Kind) -> ServerModel {
    switch kind {
    case .redis6: ServerModel(ServerVersion(.redis, 6, 2, 14), allocator: .libc)
    case .redis7: ServerModel(ServerVersion(.redis, 7, 0, 15), allocator: .systemJemalloc)
    case .redis8: ServerModel(ServerVersion(.redis, 8, 2, 3))
    case .valkey9: ServerModel(ServerVersion(.valkey, 9, 1, 2), allocator: .libc)
    }
  }

  static func generated(_ profile: GenerationProfile.Name, keys: UInt64) throws -> [UInt8] {
    var options = SnapshotGenerator.Options(.named(profile))
    options.extent = .keys(keys)
    let destination = MemoryDestination()
    _ = try SnapshotGenerator.write(options, to: destination)
    return destination.bytes
  }

  @Test("Is within 10 % of MEMORY USAGE for at least 95 % of the keys", arguments: LiveServer.Kind.allCases)
  func keys(_ kind: LiveServer.Kind) throws {
    for profile in [.mixed, .sessions] as [GenerationProfile.Name] {
      let bytes = try Self.generated(profile, keys: 4100)
      let server = try LiveServer(kind, dump: bytes)
      defer { server.stop() }
      let rows = try memoryRows(bytes, Self.model(kind))
      let connection = try LiveConnection(port: server.port)
      let replies = try connection.commands(
        rows.map { row in
          [Array("MEMORY".utf8), Array("USAGE".utf8), row.name, Array("SAMPLES".utf8), Array("0".utf8)]
        })
      var errors: [Double] = []
      for (row, reply) in zip(rows, replies) {
        guard case .integer(let said) = reply, let estimate = row.memoryByteCount else {
          Issue.record("\(kind): \(printable(row.name)): \(reply)")
          continue
        }
        errors.append((Double(estimate) - Double(said)) / Double(said))
      }
      #expect(errors.count == rows.count)
      let close = errors.count { $0.magnitude <= 0.1 }
      let worst = errors.max { $0.magnitude < $1.magnitude } ?? 0
      #expect(
        Double(close) >= 0.95 * Double(errors.count), "\(kind) \(profile): \(close) of \(errors.count), worst \(worst)")
    }
  }

  @Test(
    "of a million keys is within 10 % of the memory that the server gained by them", .enabled(if: !isSampled),
    arguments: LiveServer.Kind.allCases
  )
  func dataset(_ kind: LiveServer.Kind) throws {
    let bytes = try Self.generated(.collections, keys: 1_000_000)
    let model = Self.model(kind)
    var reader = RDBReader(MemorySource(bytes))
    let total = try reader.fold(threads: 2) {
      MemorySink(model, to: MemorySum())
    }.summary
    #expect(total.keys == 1_000_000)
    let estimate = total.sum
    let server = try LiveServer(kind, dump: bytes)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    #expect(try connection.command("DBSIZE") == .integer(1_000_000))
    let info = String(decoding: try connection.command("INFO", "memory").bytes ?? [], as: UTF8.self)
    func figure(_ name: String) -> UInt64 {
      let line = info.split(separator: "\r\n").first { $0.hasPrefix(name + ":") }
      return line.flatMap { UInt64($0.dropFirst(name.count + 1)) } ?? 0
    }
    // Not counted by MEMORY USAGE, nor by us: the buckets of the table of keys.
    let buckets: UInt64 = kind == .valkey9 ? 64 << 18 : 8 << 20
    let gained = figure("used_memory") - figure("used_memory_startup") - buckets
    let error = (Double(estimate) - Double(gained)) / Double(gained)
    #expect(error.magnitude <= 0.1, "\(kind): estimated \(estimate), gained \(gained)")
  }
}
