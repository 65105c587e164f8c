import ArgumentParser
import RDB
import RDBAnalysis
import RDBConvert
import RDBSupport

/// `rdb bench`: measures how fast this machine processes a snapshot.
struct Bench: WorkingCommand {
  /// A task to measure; `all` means each of the others.
  enum Task: String, CaseIterable, ExpressibleByArgument {
    case parse, check, keys, memory, prefix, stats, analyze, json, resp, all

    var single: [Task] { self == .all ? Task.allCases.filter { $0 != .all } : [self] }
  }

  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how fast a snapshot is read, checked and converted.",
    discussion: """
      Each task runs --repeat times in this process, with /dev/null as output, after one pass that brings the file \
      into memory. parse reads every element without using it, memory writes CSV, and analyze makes all reports. The \
      result is the median, the fastest and the slowest time.

      Examples:
        rdb bench dump.rdb
        rdb bench dump.rdb --task resp -j 1 --json | jq '.tasks[0].median_seconds'
      """)

  @OptionGroup var input: InputOptions

  @Option(help: ArgumentHelp("Run this.", valueName: "task"))
  var task = Task.all

  @Option(name: .customLong("repeat"), help: ArgumentHelp("Run each task n times, 1–1000.", valueName: "n"))
  var repetitions = 5

  @OptionGroup var threads: ThreadOptions
  @OptionGroup(title: "Output") var form: ReportArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions

  func validate() throws {
    if input.dump == "-" { throw ValidationError("bench reads the file several times: it cannot be -.") }
    if !(1...1000).contains(repetitions) {
      throw ValidationError("--repeat takes 1 to 1000, not \(repetitions).")
    }
  }

  func run() throws {
    try reading.refusePart("bench measures a whole snapshot")
    let subject = BenchSubject(path: input.dump, reading: reading, threads: threads.count)
    let size = try subject.warm()
    var report = BenchReport(
      file: input.dump, byteCount: size.byteCount, keys: size.keys, threads: threads.count)
    for task in task.single {
      PeakMemory.reset()
      var seconds: [Double] = []
      for _ in 0..<repetitions {
        let start = monotonicSeconds
        try subject.run(task)
        seconds.append(monotonicSeconds - start)
      }
      report.add(task, seconds, peak: PeakMemory.byteCount)
    }
    let text = form.json ? try jsonDocument(report) : Array(report.text.utf8)
    try OutputFile(path: "-", keepsPartial: false, inputs: [], form: form.onTerminal).writeWhole(text)
  }
}

/// The snapshot that is measured. Each task opens it again.
private struct BenchSubject {
  let path: String
  let reading: ReadingOptions
  let threads: Int

  /// Reads the snapshot once, so that it is in the page cache.
  func warm() throws -> (byteCount: UInt64, keys: UInt64) {
    let input = try reading.open(path)
    if input.replayed != nil {
      throw Failure(
        .usage, "\(input.shownName): cannot be measured, because it holds commands", hint: "Give a snapshot.")
    }
    var run = RDBReader(input.source, options: reading.readerOptions)
    do {
      let result = try run.fold(threads: threads) { CountingSink(interest: .skip) }
      return (result.end?.byteCount ?? 0, result.summary.keysRead)
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
  }

  func run(_ task: Bench.Task) throws {
    let input = try reading.open(path)
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard null >= 0 else { throw Failure(.ioError, "/dev/null cannot be opened") }
    defer { close(null) }
    do {
      try run(task, RDBReader(input.source, options: reading.readerOptions), to: FileDestination(descriptor: null))
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
  }

  private func run(
    _ task: Bench.Task, _ reader: consuming RDBReader, to null: FileDestination
  ) throws {
    switch task {
    case .parse, .all:
      _ = try reader.fold(threads: threads) { CountingSink(interest: .elements) }
    case .check:
      _ = try SnapshotCheck.run(reader, threads: threads)
    case .keys:
      _ = try reader.write(to: null, threads: threads) { destination in
        KeyNamesSink(to: destination)
      }
    case .memory:
      let model = ServerModel(try reader.origin().assumedWriter)
      _ = try reader.write(to: null, threads: threads) { destination in
        MemorySink(model, to: MemoryRowsReceiver(.csv, least: 0, strings: .utf8, defuses: true, to: destination))
      }
    case .prefix, .stats:
      var reports = KeyReports.Options(reference: .now)
      (reports.wantsPrefix, reports.wantsStats) = (task == .prefix, task == .stats)
      let model = ServerModel(try reader.origin().assumedWriter)
      _ = try reader.fold(threads: threads) {
        MemorySink(model, to: try KeyReportsReceiver(reports))
      }
    case .analyze:
      var reports = KeyReports.Options(reference: .now)
      (reports.wantsPrefix, reports.wantsTTL, reports.wantsStats) = (true, true, true)
      reports.measures = TopReport.Measure.allCases
      let model = ServerModel(try reader.origin().assumedWriter)
      let tables = AnalysisReceiver.Tables(names: [.keys, .memory], defuses: true, strings: .utf8)
      _ = try reader.write(to: [null, null, null, null], threads: threads) { destinations in
        MemorySink(model, to: try AnalysisReceiver(reports, tables, to: destinations))
      }
    case .json:
      let origin = try reader.origin()
      var json = JSONOptions(writer: origin.assumedWriter)
      json.layout = .lines
      _ = try reader.write(to: null, threads: threads) { destination in
        JSONSink(json, to: destination)
      }
    case .resp:
      let origin = try reader.origin()
      let resp = RESPOptions(target: origin.assumedWriter)
      _ = try reader.write(to: null, threads: threads) { destination in
        RESPSink(resp, to: destination)
      }
    }
  }
}

/// A sink that counts keys and ignores their values.
private struct CountingSink: SelectiveSink, FoldingSink {
  let interest: Interest
  var count: UInt64 = 0

  init(interest: Interest) { self.interest = interest }

  static var events: SinkEvents { [.beginKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    count &+= 1
    return interest
  }

  consuming func finish() throws(RDBError) -> Ledger {
    var ledger = Ledger()
    ledger.keysRead = count
    return ledger
  }
}
