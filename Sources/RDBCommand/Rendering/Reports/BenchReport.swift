import RDBSupport

/// The result of `rdb bench`.
struct BenchReport: Encodable {
  struct Task: Encodable {
    var task: String
    /// The time of each run, in order.
    var seconds: [Double]
    var medianSeconds: Double
    var fastestSeconds: Double
    var slowestSeconds: Double
    /// Megabytes (10⁶) of the snapshot per second, by the median.
    var megabytesPerSecond: Double
    var keysPerSecond: Double
    /// The peak of resident memory during the task, in bytes; `nil` if the system does not report it.
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
  /// The size of the decompressed snapshot.
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

  /// The report as text.
  var text: String {
    var table = TextTable(["task", "median", "fastest", "slowest", "MB/s", "keys/s", "peak memory"])
    for task in tasks {
      table.add(
        [
          task.task, milliseconds(task.medianSeconds), milliseconds(task.fastestSeconds),
          milliseconds(task.slowestSeconds), "\(Int(task.megabytesPerSecond.rounded()))",
          "\(Int(task.keysPerSecond.rounded()))",
          task.peakByteCount.map { readable(byteCount: Double($0)) } ?? "unknown",
        ].map { TextTable.Cell($0) })
    }
    return "\(shown(file)): \(readable(byteCount: Double(byteCount))), \(counted(keys, "key")), "
      + counted(UInt64(threads), "thread") + "\n" + table.text
  }

  private func milliseconds(_ seconds: Double) -> String {
    let tenths = Int((seconds * 10_000).rounded())
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}
