import RDB
import RDBFormat
import RDBSupport

/// Records of several inputs that belong to no key, and of which one snapshot can hold only one per name: function
/// libraries, and the data of each module.
///
/// A first pass notes the records of all inputs (``SurveyingSink``), a second one asks which of them to write
/// (``MergingSink``). Only hashes are kept.
package final class MergedRecords {
  /// The name of a record.
  enum Name: Hashable, Sendable {
    case library([UInt8])
    /// Library code that does not name itself.
    case unnamedLibrary(NameHash)
    /// Data of a module for before (1) or after (2) the keys.
    case module(ModuleID, when: UInt64)
  }

  /// Two inputs that have different records of the same name.
  package struct Conflict: Hashable, Sendable {
    /// The kind of the record, as a noun: "function library".
    package var kind: String
    package var name: [UInt8]
    /// The indexes of two inputs that have it.
    package var inputs: [Int]
  }

  let hasher = NameHasher()
  private let lock = Lock()
  /// The hash of the record in each input that has one.
  private var hashes: [Name: [Int: NameHash]] = [:]
  /// The input whose record stays.
  private var winners: [Name: Int] = [:]
  private var written: Set<Name> = []

  /// Creates an object without records.
  package init() {}

  func name(of library: borrowing FunctionLibrary) -> (name: Name, hash: NameHash) {
    let hash = hasher.hash(library.code, 0)
    return (library.registeredName.map { .library($0) } ?? .unnamedLibrary(hash), hash)
  }

  /// Notes a record of an input.
  func note(_ name: Name, _ hash: NameHash, input: Int) {
    lock.lock()
    if hashes[name]?[input] == nil { hashes[name, default: [:]][input] = hash }
    lock.unlock()
  }

  /// Chooses the records that stay, when all inputs have been noted.
  ///
  /// - Parameter ranks: The rank of each input: a record of an input with a lower rank stays.
  /// - Returns: The records of the same name that differ.
  package func choose(ranks: [Int]) -> [Conflict] {
    var conflicts: [Conflict] = []
    for (name, candidates) in hashes {
      let inputs = candidates.keys.sorted { ranks[$0] < ranks[$1] }
      winners[name] = inputs[0]
      if let other = inputs.first(where: { candidates[$0] != candidates[inputs[0]] }) {
        conflicts.append(Conflict(kind: name.kind, name: name.bytes, inputs: [inputs[0], other].sorted()))
      }
    }
    return conflicts.sorted { ($0.kind, $0.name, $0.inputs) < ($1.kind, $1.name, $1.inputs) }
  }

  /// What happens to a record.
  enum Choice {
    /// It is written now.
    case write
    /// The same record of another input, or of this one, is written in its place.
    case same
    /// Another record of this name is written in its place.
    case other
  }

  /// Decides about a record of an input. Of equal records, one is written.
  func choice(_ name: Name, _ hash: NameHash?, input: Int) -> Choice {
    lock.lock()
    defer { lock.unlock() }
    guard let winner = winners[name], winner != input else {
      return written.insert(name).inserted ? .write : .same
    }
    return hashes[name]?[winner] == (hash ?? hashes[name]?[input]) ? .same : .other
  }
}

extension MergedRecords.Name {
  var kind: String {
    switch self {
    case .library, .unnamedLibrary: "function library"
    case .module: "data of the module"
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .library(let name): name
    case .unnamedLibrary: []
    case .module(let module, _): Array(module.name.utf8)
    }
  }
}

private func < (left: (String, [UInt8], [Int]), right: (String, [UInt8], [Int])) -> Bool {
  if left.0 != right.0 { return left.0 < right.0 }
  if left.1 != right.1 { return left.1.lexicographicallyPrecedes(right.1) }
  return left.2.lexicographicallyPrecedes(right.2)
}
