import RDBAnalysis
import RDBSupport

/// Makes one document of the reports of one snapshot, or of several.
package struct ReportBuilder {
  /// The settings of a document.
  package struct Options {
    /// Whether several snapshots are states of one keyspace, ordered by time. Otherwise they are parts of it.
    package var isOverTime: Bool
    /// Replaces the names of keys; `nil` to show them.
    package var redaction: NameRedaction?

    package init(isOverTime: Bool, redaction: NameRedaction?) {
      (self.isOverTime, self.redaction) = (isOverTime, redaction)
    }
  }

  /// The reports that a document needs.
  package static func choose(_ options: inout KeyReports.Options) {
    options.wantsPrefix = true
    options.wantsTTL = true
    options.wantsStats = true
    options.measures = [.memory, .elements, .idle, .frequency]
    options.perType = false
    options.topLimit = ReportLimits.memoryKeys
  }

  private let options: Options
  private var dumps: [(row: DumpRow, number: Int, state: PrefixState?)] = []
  /// The reports of all snapshots merged, or those of the last.
  private var reports: KeyReports?

  package init(_ options: Options) { self.options = options }

  /// Adds a snapshot.
  ///
  /// - Parameters:
  ///   - dump: The snapshot, without its sums.
  ///   - more: The reports that ``choose(_:)`` names.
  package mutating func add(_ dump: DumpRow, _ more: KeyReports) {
    var row = dump
    if let stats = more.stats {
      row.keys = stats.total.keys
      row.memoryByteCount = stats.total.memoryByteCount
      row.serializedByteCount = stats.total.serializedByteCount
      row.memoryWithoutExpiry = stats.total.memoryWithoutExpiry
      row.keysExpired = stats.total.keysExpired
      row.usedSlots = stats.slots.used
    }
    let nodes = more.prefix?.nodes ?? []
    let first = nodes.filter { $0.depth == 1 && $0.kind == .prefix }
    if let largest = first.max(by: { $0.summary.memoryByteCount < $1.summary.memoryByteCount }) {
      row.largestPrefix = shown(largest.prefix)
      row.largestPrefixByteCount = largest.summary.memoryByteCount
    }
    guard options.isOverTime else {
      dumps.append((row, dumps.count, nil))
      if reports == nil { reports = more } else { reports?.merge(more) }
      return
    }
    // After the snapshots of the same time or an earlier one. A snapshot without a time is later than all.
    let time = row.writtenMilliseconds ?? .max
    let index = dumps.firstIndex { ($0.row.writtenMilliseconds ?? .max) > time } ?? dumps.count
    if index == dumps.count { reports = more }
    dumps.insert((row, dumps.count, PrefixState(nodes)), at: index)
  }

  /// Makes the document.
  ///
  /// - Parameter command: Returns the command line that shows more about a step, which is about the snapshot of a number
  ///   in the order of adding; `nil`: about any of several.
  /// - Returns: `nil` without any snapshot.
  package consuming func finish(command: (NextStep.Subject, Int?) -> String) -> ReportDocument? {
    guard let reports, let prefix = reports.prefix, let ttl = reports.ttl, let stats = reports.stats,
      let top = reports.top
    else { return nil }
    let rows = dumps.map(\.row)
    let total = TotalRow(stats.total, largest: top.keys(by: .memory).first?.memoryByteCount)
    let names = Names(redaction: options.redaction)
    let chosen = PrefixRow.rows(of: prefix, names)
    let growth =
      options.isOverTime ? GrowthRow.rows(of: dumps.compactMap(\.state), names) : nil
    var document = ReportDocument(
      mode: options.isOverTime && rows.count > 1 ? .overTime : rows.count > 1 ? .merged : .single,
      title: rows.count == 1 ? rows[0].name : "\(rows.count) snapshots",
      isRedacted: options.redaction != nil, reference: stats.reference, dumps: rows, total: total,
      prefixes: chosen.rows, omittedPrefixCount: chosen.omitted,
      neverExpiring: CandidateRow.rows(of: ttl, names), types: TypeRow.rows(of: stats),
      expiry: RangeRow.rows(of: stats.total.expiries, ExpiryRange.allCases),
      idle: RangeRow.rows(of: stats.idleTimes, ExpiryRange.allCases.filter { $0 != .expired && $0 != .never }),
      sizes: SizesDocument(stats), largest: LargestDocument(top, names), slots: SlotsDocument(stats, names),
      keyspaces: KeyspacesDocument(stats), nearMisses: NearMissRow.rows(of: stats),
      repeated: RepeatedDocument(stats, names), growth: rows.count > 1 ? growth : nil)
    document.summary = document.sentences.map(\.text)
    let number = options.isOverTime || rows.count == 1 ? dumps.last?.number : nil
    document.nextSteps = document.steps { command($0, number) }
    return document
  }

  private func shown(_ name: BinaryText) -> BinaryText { Names(redaction: options.redaction)(name) }
}

/// The largest numbers of rows in a document.
enum ReportLimits {
  static let prefixes = 300
  static let candidates = 20
  static let memoryKeys = 100
  static let otherKeys = 50
  static let slotBins = 128
  static let slots = 10
  static let tags = 10
  static let types = 64
  static let growth = 50
  static let steps = 10
  /// The longest name in a document, in bytes. A longer name is cut.
  static let name = 4096
  /// The longest example of a repeated value or hash tag in a report, in bytes.
  static let example = 512
}

/// Names as the document has them: cut or replaced.
struct Names {
  let redaction: NameRedaction?

  func callAsFunction(_ name: BinaryText) -> BinaryText {
    if let redaction { return redaction(name) }
    return name.bytes.count > ReportLimits.name ? BinaryText(Array(name.bytes.prefix(ReportLimits.name))) : name
  }
}
