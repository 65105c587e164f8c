import Foundation
import RDB
import RDBAnalysis
import RDBColumnar
import RDBFormat
import TestSupport

/// An export of one snapshot into a folder of its own.
struct Export {
  let scratch = Scratch()
  let files: [DumpExport.File]
  let summary: ColumnarSummary
  let model: ServerModel
  let dump: [UInt8]

  static let partition = "dump=dump"

  init(_ dump: [UInt8], values: Bool = true, compresses: Bool = true, threads: Int = 0) throws {
    self.dump = dump
    var reader = RDBReader(MemorySource(dump))
    let origin = try reader.origin()
    model = ServerModel(origin.assumedWriter)
    var options = ColumnarOptions(model)
    options.wantsValues = values
    options.compresses = compresses
    options.threads = threads
    let export = DumpExport(options, in: scratch.path, name: "dump")
    let result = try reader.fold(export.sink())
    summary = result.summary
    files = try export.finish(
      ExportMetadata.pairs(source: "dump", header: origin.header, end: result.end, summary, options))
  }

  /// The content of the files.
  var content: ExportContent {
    get throws { try ExportContent(folder: scratch.path, partition: Self.partition) }
  }

  /// The content of the snapshot.
  var expected: ContentSummary {
    get throws {
      var reader = RDBReader(MemorySource(dump))
      return try reader.fold(ContentSink(model)).summary
    }
  }

  /// The bytes of each file, by its path.
  var bytes: [String: Data] {
    var bytes: [String: Data] = [:]
    for file in files { bytes[file.path] = scratch.contents(of: file.path) }
    return bytes
  }

  /// A snapshot with the values that formats and engines treat in special ways.
  static var special: [UInt8] {
    var builder = SnapshotBuilder(version: 11)
    builder.aux("redis-ver", "7.2.6")
    builder.aux([0xFF, 0x00], "not text")
    builder.string("", "")
    builder.string([0x00], [0x00, 0xFF, 0x80])
    builder.string("é", "ключ")
    builder.string([0xC3], "key is not UTF-8")
    builder.string([0xED, 0xA0, 0x80], "key is a surrogate")
    builder.string("large", [UInt8](repeating: 0x61, count: 3 << 20))
    builder.string("expires", "a", expiry: 1)
    builder.string("before 1970", "a", expiry: -1)
    builder.string("latest", "a", expiry: .max)
    builder.string("year 9999", "a", expiry: 253_402_300_799_999)
    builder.string("year 10000", "a", expiry: 253_402_300_800_000)
    builder.string(String(repeating: "k", count: 100) + ":" + String(repeating: "é", count: 100), "long name")
    builder.string("a:b:c:d", "prefixes")
    builder.select(7)
    builder.string("a:b:c:d", "again")
    let scores: [Double] = [-.infinity, .infinity, 0, -0.0, .leastNonzeroMagnitude, 0.1, 1e300]
    var members = RDBBytes.length(UInt64(scores.count))
    for (index, score) in scores.enumerated() {
      members += RDBBytes.string(Array("m\(index)".utf8)) + RDBBytes.little(Int64(bitPattern: score.bitPattern))
    }
    builder.key(5, "scores", value: members)
    var elements = RDBBytes.length(135_000)
    for index in 0..<135_000 { elements += RDBBytes.string(Array("element \(index % 1000)".utf8)) }
    builder.key(1, "list of two row groups", value: elements)
    return builder.whole
  }
}
