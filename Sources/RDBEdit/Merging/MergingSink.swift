import RDB
import RDBFormat
import RDBSupport

/// A sink around a sink that passes one of several inputs that become one snapshot.
///
/// Each input is read twice into such sinks: first, one input after another, up to its first key (``Part/beforeKeys``),
/// then all of its keys (``Part/keys``). The snapshot then begins with the records of all inputs that belong to no key, and
/// modules find their data before the first key of any input.
package struct MergingSink<Base: OutputSink & ~Copyable>: ForwardingSink, OutputSink, ~Copyable {
  /// The part of an input that passes.
  package enum Part: Sendable {
    /// The records before the first key, which ends the reading.
    case beforeKeys
    /// The keys, and the records after the first key.
    case keys
  }

  package var base: Base
  private let records: MergedRecords
  private let input: Int
  private let part: Part
  private var ledger = Ledger()

  /// - Parameters:
  ///   - records: The records of all inputs that belong to no key.
  ///   - input: The index of the input.
  ///   - part: The part of the input that passes.
  ///   - base: The sink that receives it.
  package init(_ records: MergedRecords, input: Int, _ part: Part, base: consuming Base) {
    self.base = base
    self.records = records
    self.input = input
    self.part = part
  }

  package mutating func beginSnapshot(_ header: SnapshotHeader) throws {
    if part == .beforeKeys { try base.beginSnapshot(header) }
  }

  /// Passes the fields before the first key, and fields that belong to a key.
  package mutating func aux(_ field: borrowing AuxField) throws {
    if part == .beforeKeys || field.isMemberExpiry { try base.aux(field) }
  }

  /// Passes a library, unless another one of its name is written.
  package mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    let (name, hash) = records.name(of: library)
    switch records.choice(name, hash, input: input) {
    case .write: try base.functionLibrary(library)
    case .other where part == .beforeKeys:
      ledger.note("function libraries left out because another input has one of this name", key: name.bytes)
    case .other, .same: return
    }
  }

  /// Passes the data of a module, unless other data of the module is written.
  package mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    // Data for after the keys follows the keys.
    if part == .beforeKeys, aux.when != 1 { return false }
    let name = MergedRecords.Name.module(aux.module, when: aux.when)
    switch records.choice(name, nil, input: input) {
    case .write: return try base.beginModuleAux(aux)
    case .other where part == .beforeKeys || aux.when != 1:
      ledger.note("data of modules left out because another input has such data", key: name.bytes)
      return false
    case .other, .same: return false
    }
  }

  /// Leaves out the hint: it does not fit the keys of all inputs.
  package mutating func slots(_ slots: borrowing SlotHint) throws {}
  /// Leaves out the size: the caller writes that of all inputs.
  package mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {}

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    if part == .beforeKeys { throw RDBError.stop }
    return try base.beginKey(key)
  }

  package mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws {
    if part == .beforeKeys { throw RDBError.stop }
    try base.damagedKey(key, error: error)
  }

  package mutating func endBatch() throws { try base.endBatch() }
  package mutating func endEarly() throws { try base.endEarly() }

  package consuming func finish() throws -> DroppingSummary<Base.Summary> {
    let ledger = ledger
    return DroppingSummary(base: try base.finish(), ledger: ledger)
  }
}
