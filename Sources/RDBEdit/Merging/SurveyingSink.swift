import RDB
import RDBFormat
import RDBSupport

/// The sink of the first pass over inputs that become one snapshot: records the names of keys, and notes the records that
/// belong to no key.
package struct SurveyingSink: ForwardingSink, FoldingSink {
  package var base: NameRecordingSink
  private let records: MergedRecords
  private let input: Int
  private var module: (name: MergedRecords.Name, hash: StreamHash)?

  /// - Parameters:
  ///   - names: Records the names of all inputs.
  ///   - records: Notes the other records of all inputs.
  ///   - input: The index of the input.
  package init(_ names: NameRecord, _ records: MergedRecords, input: Int) {
    base = names.sink(input: input)
    self.records = records
    self.input = input
  }

  package mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    let (name, hash) = records.name(of: library)
    records.note(name, hash, input: input)
  }

  /// Asks for the bytes of the module.
  package mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    module = (.module(aux.module, when: aux.when), StreamHash(records.hasher))
    return true
  }

  package mutating func stored(_ chunk: RawSpan) throws { module?.hash.append(chunk) }

  package mutating func endStored() throws {
    guard var module = module.take() else { return }
    records.note(module.name, module.hash.finish(), input: input)
  }

  package consuming func finish() throws -> KeyTotals { try base.finish() }
}
