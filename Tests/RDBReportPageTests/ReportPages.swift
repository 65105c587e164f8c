import RDB
import RDBAnalysis
import RDBFormat
import RDBReportPage
import TestSupport

/// Snapshots and their report pages.
enum ReportPages {
  static let written: Int64 = 1_700_000_000_000

  /// Returns the reports of a snapshot.
  static func reports(_ bytes: [UInt8]) throws -> KeyReports {
    var reader = RDBReader(MemorySource(bytes))
    let origin = try reader.origin()
    var options = KeyReports.Options(reference: UnixMilliseconds(written))
    ReportBuilder.choose(&options)
    let chosen = options
    return try reader.fold(threads: 1) {
      try KeyReports.sink(chosen, for: ServerModel(origin.assumedWriter))
    }.summary
  }

  /// Returns the document of snapshots.
  ///
  /// - Parameter times: The times at which they were written, in milliseconds.
  static func document(
    _ snapshots: [[UInt8]], times: [Int64?] = [written], isOverTime: Bool = false, salt: [UInt8]? = nil
  ) throws -> ReportDocument? {
    let redaction = salt.map { NameRedaction(salt: $0, PrefixOptions()) }
    var builder = ReportBuilder(ReportBuilder.Options(isOverTime: isOverTime, redaction: redaction))
    for (index, snapshot) in snapshots.enumerated() {
      let row = DumpRow(
        name: "\(index).rdb", server: "Redis 7.2.4", version: 11, writtenMilliseconds: times[index % times.count],
        checksum: "checksum right")
      builder.add(row, try reports(snapshot))
    }
    return builder.finish { subject, dump in "command \(dump ?? -1) \(subject)" }
  }

  /// Returns the page of one snapshot as text.
  static func page(_ snapshot: [UInt8], salt: [UInt8]? = nil) throws -> String {
    guard let document = try document([snapshot], salt: salt) else { return "" }
    return String(decoding: ReportPage(document).html, as: UTF8.self)
  }

  /// A snapshot of strings: the number of keys with a prefix, and the length of each value.
  static func strings(_ prefixes: [(prefix: String, count: Int, length: Int)]) -> [UInt8] {
    var builder = SnapshotBuilder()
    for (prefix, count, length) in prefixes {
      for number in 0..<count {
        builder.string(
          Array("\(prefix)\(number)".utf8), Array(repeating: UInt8(truncatingIfNeeded: number), count: length))
      }
    }
    return builder.whole
  }
}
