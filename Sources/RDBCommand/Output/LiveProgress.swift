import RDBFormat
import RDBSupport
import RedisTransfer
import Synchronization

/// The figures of a command with live servers, which the progress line, the log and the metrics share.
enum LiveProgress {
  struct Figures: Sendable {
    /// The keys that are loaded for certain.
    var keyCount: UInt64 = 0
    /// The commands of the source that were applied after its snapshot.
    var commandCount: UInt64 = 0
    /// The bytes, and the seconds, by which the target is behind the source; `nil`: it is not followed.
    var lag: (byteCount: UInt64, seconds: Double)?
    /// The attempts to connect again.
    var attemptCount: UInt64 = 0
  }

  private struct State: Sendable {
    var figures = Figures()
    var position: ProgressLine.Position?
    var logsJSON = false
    var server: MetricsServer?
  }

  private static let state = Mutex(State())

  /// Whether progress is written as JSON.
  static var logsJSON: Bool { state.withLock { $0.logsJSON } }

  /// Changes the figures.
  static func update(_ change: (inout Figures) -> Void) { state.withLock { change(&$0.figures) } }

  /// Sets the position of the present reading.
  static func setPosition(_ position: ProgressLine.Position) { state.withLock { $0.position = position } }

  /// Begins to report as the options say.
  ///
  /// - Throws: ``Failure``.
  static func begin(_ arguments: LiveProgressArguments) throws {
    var server: MetricsServer?
    if let address = arguments.metrics {
      do throws(MetricsServer.Failure) { server = try MetricsServer(at: address) { metrics } } catch {
        throw Failure(.usage, "--metrics: \(error)", hint: "Give a free address, such as 127.0.0.1:9121.")
      }
    }
    state.withLock { ($0.logsJSON, $0.server) = (arguments.log == .json, server) }
  }

  private static var present: (figures: Figures, byteCount: UInt64, total: UInt64?) {
    state.withLock { ($0.figures, UInt64($0.position?.read() ?? 0), $0.position?.total) }
  }

  // MARK: Texts

  /// The end of the progress line: `, 12 keys, lag 1.2 kB, 0.3 s`.
  static var note: String {
    let figures = present.figures
    var parts: [String] = []
    if figures.keyCount > 0 { parts.append(counted(figures.keyCount, "key")) }
    if let lag = figures.lag {
      parts.append("lag \(readable(byteCount: Double(lag.byteCount))), \(tenths(lag.seconds)) s")
    }
    return parts.map { ", \($0)" }.joined()
  }

  private static func tenths(_ number: Double) -> Double { (number * 10).rounded() / 10 }

  /// One line of the log.
  static func line(bytesPerSecond: Double) -> String {
    let (figures, byteCount, total) = present
    var members = [
      "\"time\":\"\(DateText.text(milliseconds: UnixMilliseconds.now.value))\"", "\"bytes\":\(byteCount)",
      "\"bytes_per_second\":\(Int(bytesPerSecond.rounded()))", "\"keys\":\(figures.keyCount)",
    ]
    if let total, total > 0 {
      members.append("\"total_bytes\":\(total)")
      let rest = Double(total - min(total, byteCount))
      if bytesPerSecond > 0 { members.append("\"seconds_left\":\(Int(min(rest / bytesPerSecond, 1e9).rounded(.up)))") }
    }
    if let lag = figures.lag {
      members += [
        "\"commands\":\(figures.commandCount)", "\"lag_bytes\":\(lag.byteCount)",
        "\"lag_seconds\":\(tenths(lag.seconds))",
      ]
    }
    members.append("\"reconnection_attempts\":\(figures.attemptCount)")
    return "{\(members.joined(separator: ","))}"
  }

  /// The figures as Prometheus reads them.
  private static var metrics: String {
    let (figures, byteCount, total) = present
    var rows: [(name: String, type: String, help: String, value: String)] = [
      ("read_bytes", "gauge", "Bytes that were read from the input or the source.", "\(byteCount)"),
      ("loaded_keys_total", "counter", "Keys that are loaded for certain.", "\(figures.keyCount)"),
      ("followed_commands_total", "counter", "Commands of the source that were applied.", "\(figures.commandCount)"),
      ("reconnection_attempts_total", "counter", "Attempts to connect again.", "\(figures.attemptCount)"),
    ]
    if let total { rows.append(("input_bytes", "gauge", "All bytes of the input.", "\(total)")) }
    if let lag = figures.lag {
      rows.append(("lag_bytes", "gauge", "Bytes by which the target is behind the source.", "\(lag.byteCount)"))
      rows.append(("lag_seconds", "gauge", "Seconds by which the target is behind the source.", "\(lag.seconds)"))
    }
    return rows.map { row in
      "# HELP rdb_\(row.name) \(row.help)\n# TYPE rdb_\(row.name) \(row.type)\nrdb_\(row.name) \(row.value)\n"
    }.joined()
  }
}
