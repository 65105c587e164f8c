import RDB
import RDBFormat
import RDBSupport

/// Counts exactly how many keys share each part of their names, in bounded memory.
///
/// A table holds the counts. When it is full, its entries go to a sorted run in a temporary file; the counts of all runs
/// are added at the end. So the result does not depend on the number of workers.
package struct NamePartCounter: SelectiveSink, FoldingSink, ~Copyable {
  package static var events: SinkEvents { [] }

  /// The number of parts in memory, of 16 bytes each in a table that is at least 3/8 full.
  private static let partLimit = 3 << 19
  /// The number of parts of one name that are counted. Later ones count as rare.
  private static let partsPerName = 64

  private let parts: NameParts
  private let key: MaskingKey
  private var table = NamePartTable()
  private var runs: [SortedRuns<NamePartCount>] = []
  private var ofName: [NamePartCount] = []

  package init(_ options: MaskingOptions) {
    parts = NameParts(options.separators)
    key = MaskingKey(salt: options.salt, purpose: "parts of names")
  }

  package mutating func beginKey(_ header: borrowing KeyHeader) throws -> Interest {
    ofName.removeAll(keepingCapacity: true)
    header.name.withUnsafeBytes { name in
      var next: Int? = 0
      while let start = next, ofName.count < Self.partsPerName {
        let part = parts.part(name, from: start)
        let counted = NamePartCount(UnsafeRawBufferPointer(rebasing: name[start..<part.end]), key)
        // A key counts once, however often its name has the part.
        if !ofName.contains(counted) { ofName.append(counted) }
        next = part.next
      }
    }
    for part in ofName { table.add(part) }
    if table.count >= Self.partLimit { try spill() }
    return .skip
  }

  private mutating func spill() throws {
    runs.append(
      try convertingSystemErrors { () throws(SystemError) in
        try Self.run(table, keepsMemory: false)
      })
    table.removeAll()
  }

  private static func run(
    _ table: NamePartTable, keepsMemory: Bool
  ) throws(SystemError) -> SortedRuns<NamePartCount> {
    var builder = RunBuilder<NamePartCount>(memoryByteCount: table.count * MemoryLayout<NamePartCount>.stride)
    for part in table.slots where part.count > 0 { try builder.add(part) }
    return try builder.finish(keepsMemory: keepsMemory)
  }

  package consuming func finish() throws -> NamePartCounts {
    if runs.isEmpty { return NamePartCounts(table: table, runs: []) }
    try spill()
    return NamePartCounts(table: NamePartTable(), runs: runs)
  }
}

/// The numbers of keys that share each part of their names.
package struct NamePartCounts: MergeableSummary {
  /// The parts that were never in a run.
  fileprivate var table: NamePartTable
  fileprivate var runs: [SortedRuns<NamePartCount>]

  package mutating func merge(_ other: NamePartCounts) {
    if other.table.count > table.count {
      let smaller = table
      table = other.table
      for part in smaller.slots where part.count > 0 { table.add(part) }
    } else {
      for part in other.table.slots where part.count > 0 { table.add(part) }
    }
    runs += other.runs
  }

  /// Returns the parts that at least `limit` keys share.
  func shared(by limit: UInt64) throws(SystemError) -> NamePartTable {
    var shared = NamePartTable()
    func keep(_ part: NamePartCount) { if UInt64(part.count) >= limit { shared.add(part) } }
    guard !runs.isEmpty else {
      for part in table.slots where part.count > 0 { keep(part) }
      return shared
    }
    var builder = RunBuilder<NamePartCount>(memoryByteCount: table.count * MemoryLayout<NamePartCount>.stride)
    for part in table.slots where part.count > 0 { try builder.add(part) }
    var merge = try RunMerge(runs + [builder.finish(keepsMemory: true)], byteCount: 8 << 20)
    var current: NamePartCount?
    while let part = try merge.next() {
      if current?.isSamePart(as: part) == true {
        current?.add(part)
      } else {
        if let current { keep(current) }
        current = part
      }
    }
    if let current { keep(current) }
    return shared
  }
}
