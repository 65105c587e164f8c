/// What `rdb bench` measured.
struct BenchReport: Encodable {
  struct Task: Encodable {
    var task: String
    /// In the order of the runs.
    var seconds: [Double]
    var medianSeconds: Double
    var fastestSeconds: Double
    var slowestSeconds: Double
    /// Of the snapshot, in powers of 1000, per second of the median.
    var megabytesPerSecond: Double
    var keysPerSecond: Double
    /// The most memory resident during the task; `nil`: this system does not say.
    var peakByteCount: UInt64?

    enum CodingKeys: String, CodingKey {
      case task, seconds
      case medianSeconds = "median_seconds"
      case fastestSeconds = "fastest_seconds"
      case slowestSeconds = "slowest_seconds"
      case megabytesPerSecond = "mb_per_second"
      case keysPerSecond = "keys_per_second"
      case peakByteCount = "peak_bytes"
    }
  }

  private(set) var format = 1
  var file: String
  /// Of the snapshot itself, decompressed.
  var byteCount: UInt64
  var keys: UInt64
  var threads: Int
  private(set) var tasks: [Task] = []

  enum CodingKeys: String, CodingKey {
    case format, file
    case byteCount = "byte_count"
    case keys, threads, tasks
  }

  init(file: String, byteCount: UInt64, keys: UInt64, threads: Int) {
    (self.file, self.byteCount, self.keys, self.threads) = (file, byteCount, keys, threads)
  }

  mutating func add(_ task: Bench.Task, _ seconds: [Double], peak: UInt64?) {
    let sorted = seconds.sorted()
    let middle = sorted.count / 2
    let median =
      sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    let time = max(median, 1e-9)
    tasks.append(
      Task(
        task: task.rawValue, seconds: seconds, medianSeconds: median, fastestSeconds: sorted[0],
        slowestSeconds: sorted[sorted.count - 1],
        megabytesPerSecond: Double(byteCount) / 1e6 / time, keysPerSecond: Double(keys) / time,
        peakByteCount: peak))
  }

  /// For people.
  var text: String {
    var lines = TextColumns()
    lines.line(
      "\(shown(file)): \(readable(byteCount: Double(byteCount))), \(counted(keys, "key")), "
        + counted(UInt64(threads), "thread"))
    lines.line(row("task", "median", "fastest", "slowest", "MB/s", "keys/s", "peak memory"))
    for task in tasks {
      lines.line(
        row(
          task.task, milliseconds(task.medianSeconds), milliseconds(task.fastestSeconds),
          milliseconds(task.slowestSeconds), "\(Int(task.megabytesPerSecond.rounded()))",
          "\(Int(task.keysPerSecond.rounded()))",
          task.peakByteCount.map { readable(byteCount: Double($0)) } ?? "unknown"))
    }
    return lines.text
  }

  private func row(_ name: String, _ cells: String...) -> String {
    name.padded(to: 8)
      + cells.map { String(repeating: " ", count: max(14 - $0.count, 1)) + $0 }.joined()
  }

  private func milliseconds(_ seconds: Double) -> String {
    let tenths = Int((seconds * 10_000).rounded())
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}
