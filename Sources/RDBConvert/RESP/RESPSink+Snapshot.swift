public import RDB
public import RDBFormat
import RDBSupport
import RESP

/// Records that belong to no key.
extension RESPSink {
  public mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {}
  public mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) {}
  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {}

  public mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) { notes.slots += 1 }

  public mutating func aux(_ field: borrowing AuxField) throws(RDBError) {
    if let job = CronJob(field) {
      return ledger.lose(.key, "cron jobs exist only in KeyDB", key: job.name, offset: 0)
    }
    let text = [UInt8](field.name.extracting(first: 32))
    if text.elementsEqual("lua".utf8) {
      try script(field.value)
    } else if text.elementsEqual("slot-info".utf8) {
      notes.slots += 1
    } else if text.elementsEqual("keydb-subexpire-when".utf8) {
      lose(.expiry, "no command sets KeyDB's expiries of single members")
    }
  }

  /// Writes a cached script as `SCRIPT LOAD`, or notes it.
  private mutating func script(_ body: RawSpan) throws(RDBError) {
    switch options.scripts {
    case .skip: return
    case .note: return ledger.note("cached Lua scripts")
    case .load: break
    }
    guard can.scripts else {
      return ledger.lose(.script, "scripts need \(RESPFeature.scripts.neededServer)", key: [], offset: 0)
    }
    guard body.byteCount <= bulkLimit else {
      return ledger.lose(.script, "its text is longer than the bulk limit", key: [], offset: 0)
    }
    if options.marksKeys { try mark(.script, named: []) }
    try out.begin(3)
    try out.text("$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n")
    try out.bulk(body)
  }

  public mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool {
    if options.modules == .skip {
      ledger.note("data of modules that belongs to no key, skipped by `modules`", key: Array(aux.module.name.utf8))
      return false
    }
    ledger.lose(
      .moduleAux, "no command carries data of modules that belongs to no key",
      key: Array(aux.module.name.utf8), offset: aux.offset)
    return false
  }

  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {
    let code = library.codeWithFirstLine
    let byteCount = code?.count ?? library.code.byteCount
    let libraryName = library.registeredName ?? []
    guard options.functions != .skip else {
      ledger.note("function libraries, skipped by `functions`", key: libraryName)
      return
    }
    guard can.functions else {
      ledger.lose(
        .functionLibrary, "functions need \(RESPFeature.functions.neededServer)", key: libraryName,
        offset: 0)
      return
    }
    guard byteCount <= bulkLimit else {
      ledger.lose(.functionLibrary, "its code is longer than the bulk limit", key: libraryName, offset: 0)
      return
    }
    if library.description.byteCount > 0 {
      ledger.note("descriptions of function libraries", key: libraryName)
    }
    if options.marksKeys { try mark(.functionLibrary, named: libraryName) }
    let replaces = options.functions == .replace
    try out.begin(replaces ? 4 : 3)
    try out.text("$8\r\nFUNCTION\r\n$4\r\nLOAD\r\n")
    if replaces { try out.text("$7\r\nREPLACE\r\n") }
    if let code { try out.bulk(code) } else { try out.bulk(library.code) }
  }
}
