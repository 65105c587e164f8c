public import RDB
public import RDBFormat

/// Any set of reports on keys, from one reading.
///
/// Reports of parts, of several files or from other machines merge in any order.
public struct KeyReports: Hashable, MergeableSummary {
  public var prefix: PrefixReport?
  public var ttl: TTLReport?
  public var stats: StatsReport?
  public var top: TopReport?

  public init() {}

  /// Adds the reports of other keys, made with the same options; those that only one has stay.
  public mutating func merge(_ other: Self) {
    if let more = other.prefix { if prefix == nil { prefix = more } else { prefix?.merge(more) } }
    if let more = other.ttl { if ttl == nil { ttl = more } else { ttl?.merge(more) } }
    if let more = other.stats { if stats == nil { stats = more } else { stats?.merge(more) } }
    if let more = other.top { if top == nil { top = more } else { top?.merge(more) } }
  }

  /// Which reports, and how.
  public struct Options: Sendable {
    /// The time that decides what has expired.
    public var reference: UnixMilliseconds
    public var wantsPrefix = false
    public var wantsTTL = false
    public var prefix = PrefixOptions()
    /// Makes what recognises ``PrefixOptions/templates``, for each worker.
    public var template: (@Sendable () throws(RDBError) -> any NameTemplate)?
    public var wantsStats = false
    /// Where values are noted, to be counted exactly.
    public var values: RepeatedValues?
    /// What keys are ranked by; none: not at all.
    public var measures: [TopReport.Measure] = []
    public var topLimit = 10
    public var perType = true

    public init(reference: UnixMilliseconds) { self.reference = reference }
  }
}

/// Adds every key to a set of reports.
public struct KeyReportsReceiver: MemoryReceiver, ~Copyable {
  private let options: KeyReports.Options
  private let wantsTree: Bool
  private var tree: PrefixTree
  private var cutter: PrefixCutter
  private let templates: [[UInt8]]
  private let template: (any NameTemplate)?
  private var lives: [Lives]
  private var stats: StatsCounter?
  private var top: TopCounter?

  /// - Parameter worker: Its number, from 0 on.
  public init(_ options: KeyReports.Options, worker: Int = 0) throws(RDBError) {
    var template: (any NameTemplate)?
    if options.wantsPrefix || options.wantsTTL, !options.prefix.templates.isEmpty, let make = options.template {
      template = try make()
    }
    self.init(options, worker, template)
  }

  private init(_ options: KeyReports.Options, _ worker: Int, _ template: (any NameTemplate)?) {
    self.options = options
    self.template = template
    wantsTree = options.wantsPrefix || options.wantsTTL
    tree = PrefixTree(limit: options.prefix.nodeLimit)
    cutter = PrefixCutter(options.prefix)
    templates = options.prefix.templates.map { Array($0.utf8) }
    lives = Array(repeating: Lives(), count: DataType.allCases.count)
    if options.wantsStats {
      let logs = options.values?.logs ?? []
      stats = StatsCounter(options.reference, log: worker < logs.count ? logs[worker] : nil)
    }
    if !options.measures.isEmpty {
      top = TopCounter(options.measures, limit: options.topLimit, perType: options.perType)
    }
  }

  public func wantsHash(_ key: borrowing KeyHeader) -> Bool {
    guard options.wantsStats else { return false }
    return stats?.wantsHash(key.name, key.database) ?? false
  }

  public mutating func receive(_ row: borrowing MemoryRow) throws(RDBError) {
    let life = Life(row.expiry, reference: options.reference)
    if wantsTree { try addToTree(row, life) }
    if options.wantsTTL {
      lives[row.type.ordinal].add(life, memory: row.memoryOrSerializedByteCount)
    }
    try stats?.add(row, life)
    top?.add(row)
  }

  private mutating func addToTree(_ row: borrowing MemoryRow, _ life: Life) throws(RDBError) {
    if let template, let number = try template.match(row.name), number < templates.count {
      return tree.add(row, life, template: templates[number])
    }
    let name = row.name
    // The bytes are lent by the row, which outlives this call.
    let bytes = name.withUnsafeBytes { UnsafeRawBufferPointer(start: $0.baseAddress, count: $0.count) }
    cutter.cut(bytes)
    tree.add(row, life, cutter.prefix(of: bytes), cutter.ends, cutter.count)
  }

  public consuming func finish() throws(RDBError) -> KeyReports {
    var reports = KeyReports()
    let reference = ReferenceTimes(options.reference)
    if wantsTree {
      let prefixes = PrefixReport(options.prefix, reference, tree)
      if options.wantsPrefix { reports.prefix = prefixes }
      if options.wantsTTL {
        var types: [String: Lives] = [:]
        for type in DataType.allCases where lives[type.ordinal] != Lives() {
          types[type.rawValue] = lives[type.ordinal]
        }
        reports.ttl = TTLReport(reference, types: types, prefixes: prefixes)
      }
    }
    if let stats = consume stats { reports.stats = stats.finish() }
    if let top = consume top { reports.top = top.finish() }
    return reports
  }
}
