public import RDB
public import RDBFormat

/// Any set of reports on keys from one reading.
///
///     let sink = MemorySink(model, to: KeyReports.Receiver(reports))
///
/// Reports of parts, of several files or from other machines merge in any order.
public struct KeyReports: Hashable, Sendable, Codable {
  /// The version of this form.
  public private(set) var format = 1
  public var prefix: PrefixReport?
  public var ttl: TTLReport?
  public var stats: StatsReport?
  public var top: TopReport?

  public init() {}

  public mutating func add(_ row: borrowing MemoryRow) {
    prefix?.add(row)
    ttl?.add(row)
    stats?.add(row)
    top?.add(row)
  }

  /// Adds the reports of other keys, made with the same options; those that only one has stay.
  public mutating func merge(_ other: Self) {
    if let more = other.prefix { if prefix == nil { prefix = more } else { prefix?.merge(more) } }
    if let more = other.ttl { if ttl == nil { ttl = more } else { ttl?.merge(more) } }
    if let more = other.stats { if stats == nil { stats = more } else { stats?.merge(more) } }
    if let more = other.top { if top == nil { top = more } else { top?.merge(more) } }
  }

  /// Adds every key to a set of reports.
  public struct Receiver: MemoryReceiver {
    private var reports: KeyReports

    /// - Parameter reports: Still empty ones.
    public init(_ reports: KeyReports) { self.reports = reports }

    public mutating func receive(_ row: borrowing MemoryRow) throws(RDBError) { reports.add(row) }
    public mutating func endRun() throws(RDBError) {}
    public consuming func finish() throws(RDBError) -> KeyReports { reports }
  }
}
