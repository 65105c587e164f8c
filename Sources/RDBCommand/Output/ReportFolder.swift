#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import ArgumentParser
import RDB
import RDBAnalysis
import RDBSupport

/// A report that `rdb analyze` can write.
enum ReportName: String, CaseIterable, ExpressibleByArgument {
  case keys, memory, prefix, ttl, stats, bigkeys

  /// Whether the report is a table with a row per key, in file order.
  var isTable: Bool { self == .keys || self == .memory }
  var csvName: String { "\(rawValue).csv" }
  /// The name of the JSON file. Tables are JSON Lines.
  var jsonName: String { isTable ? "\(rawValue).jsonl" : "\(rawValue).json" }
}

/// A folder of reports, each as a JSON file and a CSV file.
struct ReportFolder {
  let path: String

  /// Creates the folder if it is missing.
  ///
  /// - Throws: ``Failure``.
  func create() throws {
    if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    throw Failure(.ioError, "\(shown(path)): cannot be created: \(String(cString: strerror(errno)))")
  }

  func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  func output(_ name: String, inputs: [FileIdentity]) throws -> OutputFile {
    try OutputFile(path: file(name), keepsPartial: false, inputs: inputs)
  }

  /// Writes the reports that are not tables, each as JSON and CSV.
  func write(_ reports: KeyReports, defuses: Bool, inputs: [FileIdentity]) throws {
    func write(_ name: ReportName, _ json: some Encodable, _ csv: [UInt8]) throws {
      try output(name.jsonName, inputs: inputs).writeWhole(try jsonDocument(json))
      try output(name.csvName, inputs: inputs).writeWhole(csv)
    }
    if let report = reports.prefix { try write(.prefix, report, report.csv(defuses: defuses)) }
    if let report = reports.ttl { try write(.ttl, report, report.csv(defuses: defuses)) }
    if let report = reports.stats { try write(.stats, report, report.csv(defuses: defuses)) }
    if let report = reports.top { try write(.bigkeys, report, report.csv(defuses: defuses)) }
  }

  /// The reports in the folder.
  var names: Set<ReportName> {
    Set(ReportName.allCases.filter { access(file($0.jsonName), R_OK) == 0 })
  }

  /// Reads the reports that are not tables.
  ///
  /// - Throws: ``Failure``.
  func read() throws -> KeyReports {
    var reports = KeyReports()
    reports.prefix = try decode(.prefix)
    reports.ttl = try decode(.ttl)
    reports.stats = try decode(.stats)
    reports.top = try decode(.bigkeys)
    return reports
  }

  private func decode<Report: Decodable>(_ name: ReportName) throws -> Report? {
    let path = file(name.jsonName)
    guard access(path, F_OK) == 0 else { return nil }
    let bytes = try Self.contents(of: path)
    do {
      let format = try JSONDecoder().decode(Format.self, from: Data(bytes))
      guard format.format == 1 else {
        throw Failure(.damaged, "\(shown(path)): expected format 1, found \(format.format)")
      }
      return try JSONDecoder().decode(Report.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw Failure(
        .damaged, "\(shown(path)): is not a report of rdb analyze: \(Self.reason(error))",
        hint: "Give folders that rdb analyze or rdb merge-reports wrote.")
    }
  }

  private struct Format: Decodable { var format: Int }

  private static func reason(_ error: DecodingError) -> String {
    switch error {
    case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
      .valueNotFound(_, let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: "/")
      return "at /\(shown(path + " ").dropLast()): \(shown(context.debugDescription))"
    @unknown default: return "it cannot be read"
    }
  }

  private static func contents(of path: String) throws -> [UInt8] {
    do {
      let source = try FileSource(path: path)
      var bytes: [UInt8] = []
      try copyAll(source) { bytes += $0 }
      return bytes
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: shown(path))
    }
  }
}

/// Reads all bytes of a source, in pieces that are valid only during a call of `body`.
func copyAll(_ source: FileSource, to body: (UnsafeRawBufferPointer) throws -> Void) throws {
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
  defer { buffer.deallocate() }
  while true {
    let count = try source.read(into: buffer)
    if count == 0 { return }
    try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }
}
