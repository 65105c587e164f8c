import RDB
import RDBFormat

/// Values of modules, and records that belong to no key.
extension ColumnarSink {
  package mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {
    if tables.isEmpty { return }
    let index = ElementTable.module.rawValue
    var byteCount = try beginModuleRow()
    tables[index].columns[6].append(partCount)
    var (text, real): (String?, Double?)
    switch item.kind {
    case .signed(let value):
      tables[index].columns[7].append(Int64(0))
      text = "\(value)"
    case .unsigned(let value):
      tables[index].columns[7].append(Int64(1))
      text = "\(value)"
    case .float(let value):
      tables[index].columns[7].append(Int64(2))
      real = Double(value)
    case .double(let value):
      tables[index].columns[7].append(Int64(3))
      real = value
    case .string: tables[index].columns[7].append(Int64(4))
    }
    if let text {
      let bytes = Array(text.utf8)
      try tables[index].columns[8].append(bytes.span.bytes)
    } else {
      tables[index].columns[8].appendMissing()
    }
    tables[index].columns[9].append(real.map { Int64(bitPattern: $0.bitPattern) })
    if case .string = item.kind {
      byteCount += try tables[index].columns[10].append(item.bytes)
    } else {
      tables[index].columns[10].appendMissing()
    }
    partCount += 1
    try endRow(.module, byteCount)
  }

  private mutating func beginModuleRow() throws(RDBError) -> Int {
    let index = ElementTable.module.rawValue
    let name = Array((module?.name ?? "").utf8)
    let byteCount = try tables[index].columns[4].append(name.span.bytes)
    tables[index].columns[5].append(Int64(module?.version ?? 0))
    return byteCount
  }

  /// Adds the row of a value without items.
  mutating func addEmptyModule() throws(RDBError) {
    let index = ElementTable.module.rawValue
    let byteCount = try beginModuleRow()
    for column in [6, 7, 8, 9, 10] { tables[index].columns[column].appendMissing() }
    try endRow(.module, byteCount)
  }

  package mutating func beginSnapshot(_ header: SnapshotHeader) {}

  package mutating func aux(_ field: borrowing AuxField) {
    if let job = CronJob(field) {
      summary.ledger.lose(.record, "the tables have no cron jobs of KeyDB", key: job.name, offset: 0)
    } else if field.isMemberExpiry {
      // Two fields make one expiry: of a member, and its time.
      if field.name.starts(with: "keydb-subexpire-key".utf8) {
        summary.ledger.lose(
          .expiry, "the tables have no expiries of members (KeyDB)", key: [UInt8](field.value), offset: 0)
      }
    } else {
      summary.add(field)
    }
  }

  package mutating func functionLibrary(_ library: borrowing FunctionLibrary) {
    summary.ledger.note("function libraries: the tables have keys only")
  }

  package mutating func beginModuleAux(_ aux: ModuleAux) -> Bool {
    summary.ledger.note("module AUX: the tables have keys only")
    return false
  }

  package mutating func slots(_ slots: borrowing SlotHint) {}
  package mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) {}
  package mutating func beginStored(byteCount: UInt64) {}
  package mutating func stored(_ chunk: RawSpan) {}
  package mutating func endStored() {}
  package mutating func endSnapshot(_ end: SnapshotEnd) {}

  package mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) {
    summary.ledger.loseDamaged(key, error)
  }
}
