/// An account of a conversion: the keys read, written and filtered, the data lost, and notes.
///
/// *Lost* is data of the input that the output lacks. *Noted* is what an output leaves out by design, or what no command can
/// express. Ledgers of parts of a file merge, in any order, into the ledger of the whole file: per reason, the names
/// nearest to the beginning of the file are kept.
public struct Ledger: MergeableSummary, Hashable {
  /// The kind of thing that was lost.
  public enum Loss: String, Hashable, Sendable, CaseIterable {
    /// A whole key.
    case key
    /// An element of a value, or a part of it such as a field or a member.
    case element
    /// An entry of a stream.
    case entry
    /// An expiry of a key, a field or a member.
    case expiry
    /// A consumer group of a stream.
    case group
    /// A consumer of a group.
    case consumer
    /// An entry of a stream that a group has delivered, but that is not acknowledged.
    case pendingEntry = "pending entry"
    /// A function library.
    case functionLibrary = "function library"
    /// A cached Lua script.
    case script
    /// Data that a module keeps outside keys, or attaches to keys.
    case moduleAux = "module AUX"
    /// A command that changes data.
    case command
    /// A record of the snapshot that is no key.
    case record
  }

  /// The kind of a loss, and its reason.
  package struct Reason: Hashable, Sendable {
    /// The kind of thing that was lost.
    package var loss: Loss
    /// The reason, as a clause: "the target has no modules".
    package var why: String

    /// Creates a reason.
    package init(_ loss: Loss, _ why: String) { (self.loss, self.why) = (loss, why) }
  }

  /// The number of times that something happened, with samples.
  package struct Count: Hashable, Sendable {
    /// The number of times.
    package var count: UInt64 = 0
    /// Up to ten samples, nearest to the beginning of the file first.
    package var samples: [Sample] = []
  }

  /// A key, function library or module that something happened to.
  package struct Sample: Hashable, Sendable {
    /// The file offset of its record.
    package var offset: Int
    /// Its name.
    package var name: [UInt8]
    /// The name that the output gives it, if that is another one.
    package var newName: [UInt8]?

    /// Orders by offset, then by name: the order does not depend on which worker found which sample.
    func precedes(_ other: Sample) -> Bool {
      offset != other.offset ? offset < other.offset : name.lexicographicallyPrecedes(other.name)
    }
  }

  /// The number of samples that are kept per reason.
  package static let sampleLimit = 10

  /// The number of keys read.
  public var keysRead: UInt64 = 0
  /// The number of keys written.
  public var keysWritten: UInt64 = 0
  /// The number of keys left out because of a filter or an option.
  public var keysFiltered: UInt64 = 0
  /// What was lost, by reason.
  package private(set) var lost: [Reason: Count] = [:]
  /// What was left out by design, by its description.
  package private(set) var noted: [String: Count] = [:]

  /// Creates an empty ledger.
  package init() {}

  /// Whether anything was lost.
  public var hasLosses: Bool { !lost.isEmpty }

  /// The losses by kind and reason, in an order that does not depend on the number of threads.
  ///
  /// `why` is a clause: "the target has no modules". `samples` has the names of up to ten keys, function libraries or
  /// modules, nearest to the beginning of the file first, each with the file offset of its record.
  public var losses: [(loss: Loss, why: String, count: UInt64, samples: [(offset: Int, name: [UInt8])])] {
    lost.sorted { ($0.key.loss.rawValue, $0.key.why) < ($1.key.loss.rawValue, $1.key.why) }
      .map { (loss: $0.key.loss, why: $0.key.why, count: $0.value.count, samples: $0.value.namesWithOffsets) }
  }

  /// The things left out by design, in the order of their descriptions.
  ///
  /// `samples` has the names of up to ten keys, function libraries or modules, each with the file offset of its record.
  public var notes: [(what: String, count: UInt64, samples: [(offset: Int, name: [UInt8])])] {
    noted.sorted { $0.key < $1.key }
      .map { (what: $0.key, count: $0.value.count, samples: $0.value.namesWithOffsets) }
  }

  /// Records a loss.
  ///
  /// - Parameters:
  ///   - loss: The kind of thing that was lost.
  ///   - why: The reason, as a clause.
  ///   - count: The number of things that were lost.
  ///   - key: The name of the key, function library or module; copied.
  ///   - offset: The file offset of its record, which orders the samples.
  package mutating func lose(
    _ loss: Loss, _ why: String, count: UInt64 = 1, key: [UInt8], offset: Int
  ) {
    lost[Reason(loss, why), default: Count()].add(count, key, offset)
  }

  /// Records the loss of things without a name.
  package mutating func lose(_ loss: Loss, _ why: String, count: UInt64) {
    lost[Reason(loss, why), default: Count()].add(count, nil, 0)
  }

  /// Records a key that was read, and is lost because its value is damaged.
  package mutating func loseDamaged(_ key: borrowing KeyHeader, _ error: RDBError) {
    keysRead += 1
    lose(
      .key, "its value is damaged (\(error.code))", key: [UInt8](key.name), offset: key.offset)
  }

  /// Records what the output leaves out by design.
  package mutating func note(
    _ what: String, count: UInt64 = 1, key: [UInt8]? = nil, newName: [UInt8]? = nil, offset: Int = 0
  ) {
    noted[what, default: Count()].add(count, key, newName: newName, offset)
  }

  /// Adds the ledger of another part of the same file.
  public mutating func merge(_ other: Ledger) {
    keysRead += other.keysRead
    keysWritten += other.keysWritten
    keysFiltered += other.keysFiltered
    lost.merge(other.lost) { $0.merged($1) }
    noted.merge(other.noted) { $0.merged($1) }
  }
}

extension Ledger.Count {
  fileprivate var namesWithOffsets: [(offset: Int, name: [UInt8])] { samples.map { ($0.offset, $0.name) } }

  fileprivate mutating func add(_ more: UInt64, _ name: [UInt8]?, newName: [UInt8]? = nil, _ offset: Int) {
    count += more
    guard let name else { return }
    insert(Ledger.Sample(offset: offset, name: name, newName: newName))
  }

  fileprivate mutating func insert(_ sample: Ledger.Sample) {
    let index = samples.firstIndex { sample.precedes($0) } ?? samples.endIndex
    if samples.contains(sample) || index >= Ledger.sampleLimit { return }
    samples.insert(sample, at: index)
    if samples.count > Ledger.sampleLimit { samples.removeLast() }
  }

  fileprivate func merged(_ other: Self) -> Self {
    var sum = self
    sum.count += other.count
    for sample in other.samples { sum.insert(sample) }
    return sum
  }
}
