public import RDB
public import RDBFormat
import RDBSupport

/// A set of reports on keys from one reading: prefixes, remaining time, statistics, rankings.
///
/// Reports of parts, files or machines can be merged in any order.
public struct KeyReports: MergeableSummary {
  /// The report by prefix, if requested.
  public var prefix: PrefixReport?
  /// The report on remaining time, if requested.
  public var ttl: TTLReport?
  /// The statistics, if requested.
  public var stats: StatsReport?
  /// The rankings, if any were requested.
  public var top: TopReport?
  /// The logs of all string values, until they are counted.
  private var valueLogs: [CompleteRepeatedValueLog] = []

  package init() {}

  public mutating func merge(_ other: Self) {
    if let more = other.prefix { if prefix == nil { prefix = more } else { prefix?.merge(more) } }
    if let more = other.ttl { if ttl == nil { ttl = more } else { ttl?.merge(more) } }
    if let more = other.stats { if stats == nil { stats = more } else { stats?.merge(more) } }
    if let more = other.top { if top == nil { top = more } else { top?.merge(more) } }
    valueLogs += other.valueLogs
  }

  /// Replaces the estimate of repeated values by an exact count. Call it after all parts are read and merged.
  ///
  /// Does nothing unless ``Options/exactValues`` was set.
  ///
  /// - Throws: ``RDBError`` (`io`).
  package mutating func countExactValues() throws(RDBError) {
    guard !valueLogs.isEmpty else { return }
    let logs = valueLogs
    stats?.exactValues = try convertingSystemErrors { () throws(SystemError) in try RepeatedValueCount.count(logs) }
    valueLogs = []
  }

  fileprivate mutating func add(_ log: CompleteRepeatedValueLog) { valueLogs.append(log) }

  /// The requested reports and their settings. By default no report is requested.
  public struct Options: Sendable {
    /// The time that decides which keys have expired.
    package var reference: UnixMilliseconds
    /// Whether to report by prefix.
    public var wantsPrefix = false
    /// Whether to report the remaining time of keys.
    public var wantsTTL = false
    /// The rules for splitting names into prefixes.
    public var prefix = PrefixOptions()
    /// A function that makes the recognizer of ``PrefixOptions/templates`` for one worker.
    package var template: (@Sendable () throws(RDBError) -> any NameTemplate)?
    /// Whether to collect statistics.
    public var wantsStats = false
    /// The settings for counting repeated values exactly; `nil` to estimate the counts.
    package var exactValues: ExactValues?
    /// The figures to rank keys by. Without any there are no rankings.
    public var measures: [TopReport.Measure] = []
    /// The number of keys in each ranking.
    public var topLimit = 10
    package var perType = true

    /// Creates options without any report.
    ///
    /// - Parameter reference: The time that decides which keys have expired.
    public init(reference: UnixMilliseconds) { self.reference = reference }

    /// The settings for counting repeated values exactly, with an external sort.
    package struct ExactValues: Sendable {
      /// The folder of the temporary files.
      let folder: String
      /// The number of receivers that share the memory for sorting.
      let workers: Int

      /// - Throws: ``RDBError`` (`io`) if no temporary file can be created in the folder.
      package init(folder: String, workers: Int) throws(RDBError) {
        (self.folder, self.workers) = (folder, max(workers, 1))
        _ = try convertingSystemErrors { () throws(SystemError) in try TemporaryFile(folder: folder) }
      }
    }
  }
}

extension KeyReports {
  /// Makes a sink that collects the requested reports: one sink per worker.
  ///
  ///     let result = try reader.fold(threads: 2) { try KeyReports.sink(options, for: model) }
  ///     let largest = result.summary.top?.keys(by: .memory)
  ///
  /// - Parameters:
  ///   - options: The requested reports.
  ///   - model: The server that memory is estimated for.
  /// - Throws: `RDBError` (`io`) if no temporary file can be created.
  @inlinable
  public static func sink(
    _ options: Options, for model: ServerModel
  ) throws -> some FoldingSink<KeyReports> & ~Copyable {
    MemorySink(model, to: try KeyReportsReceiver(options))
  }
}

extension KeyReports: Equatable {
  public static func == (a: Self, b: Self) -> Bool {
    a.prefix == b.prefix && a.ttl == b.ttl && a.stats == b.stats && a.top == b.top
  }
}

/// Adds every key to a set of reports. There is one receiver per worker.
@usableFromInline package struct KeyReportsReceiver: MemoryReceiver, ~Copyable {
  private let options: KeyReports.Options
  private let wantsTree: Bool
  private var tree: PrefixTree
  private var cutter: PrefixCutter
  private let templates: [[UInt8]]
  private let template: (any NameTemplate)?
  private var expiries: [ExpirySummary]
  private var stats: StatsCounter?
  private var top: TopCounter?

  /// Creates a receiver.
  ///
  /// - Throws: `RDBError`: `io` if no temporary file can be created, or the error of the option `template`.
  @usableFromInline package init(_ options: KeyReports.Options) throws(RDBError) {
    var template: (any NameTemplate)?
    if options.wantsPrefix || options.wantsTTL, !options.prefix.templates.isEmpty, let make = options.template {
      template = try make()
    }
    var log: RepeatedValueLog?
    if options.wantsStats, let exact = options.exactValues {
      log = try convertingSystemErrors { () throws(SystemError) in
        try RepeatedValueLog(
          memoryByteCount: RepeatedValueCount.memoryByteCount / exact.workers, folder: exact.folder)
      }
    }
    self.init(options, log, template)
  }

  private init(
    _ options: KeyReports.Options, _ log: consuming RepeatedValueLog?, _ template: (any NameTemplate)?
  ) {
    self.options = options
    self.template = template
    wantsTree = options.wantsPrefix || options.wantsTTL
    tree = PrefixTree(limit: options.prefix.nodeLimit)
    cutter = PrefixCutter(options.prefix)
    templates = options.prefix.templates.map { Array($0.utf8) }
    expiries = Array(repeating: ExpirySummary(), count: DataType.allCases.count)
    if options.wantsStats {
      stats = StatsCounter(options.reference, log: log)
    }
    if !options.measures.isEmpty {
      top = TopCounter(options.measures, limit: options.topLimit, perType: options.perType)
    }
  }

  @usableFromInline package mutating func wantsHash(_ key: borrowing KeyHeader) -> Bool {
    guard options.wantsStats else { return false }
    return stats?.wantsHash(key.name, key.database) ?? false
  }

  @usableFromInline package mutating func receive(_ key: borrowing MeasuredKey) throws(RDBError) {
    let range = ExpiryRange(key.expiry, reference: options.reference)
    if wantsTree { try addToTree(key, range) }
    if options.wantsTTL {
      expiries[key.type.ordinal].add(range, memory: key.memoryOrSerializedByteCount)
    }
    try stats?.add(key, range)
    top?.add(key)
  }

  private mutating func addToTree(_ key: borrowing MeasuredKey, _ range: ExpiryRange) throws(RDBError) {
    if let template, let number = try template.match(key.name), number < templates.count {
      return tree.add(key, range, template: templates[number])
    }
    let name = key.name
    let node = name.withUnsafeBytes { bytes in
      cutter.cut(bytes)
      return tree.index(of: cutter.prefix(of: bytes), cutter.ends, cutter.count)
    }
    tree.add(key, range, at: node)
  }

  @usableFromInline package consuming func finish() throws(RDBError) -> KeyReports {
    var reports = KeyReports()
    let reference = ReferenceTimes(options.reference)
    if wantsTree {
      let prefixes = PrefixReport(options.prefix, reference, tree)
      if options.wantsPrefix { reports.prefix = prefixes }
      if options.wantsTTL {
        var types: [String: ExpirySummary] = [:]
        for type in DataType.allCases where expiries[type.ordinal] != ExpirySummary() {
          types[type.rawValue] = expiries[type.ordinal]
        }
        reports.ttl = TTLReport(reference, types: types, prefixes: prefixes)
      }
    }
    if let stats = consume stats {
      let (report, log) = try stats.finish()
      reports.stats = report
      if let log { reports.add(log) }
    }
    if let top = consume top { reports.top = top.finish() }
    return reports
  }
}

extension KeyReports {
  /// The number of keys, which every report counts.
  package var keyCount: UInt64 {
    if let stats { return stats.total.keys }
    if let prefix { return prefix.nodes.first?.summary.keys ?? 0 }
    if let ttl { return ttl.prefixes.nodes.first?.summary.keys ?? 0 }
    return top?.types.values.reduce(0) { $0 + $1.keys } ?? 0
  }
}
