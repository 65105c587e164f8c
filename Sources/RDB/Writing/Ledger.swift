/// What a conversion did with every key: read, written, filtered, lost, noted.
///
/// *Lost* is what the output lacks and the input had; *noted* is what an output leaves out by design
/// or no command can carry. Ledgers of parts of a file add up, in any order, to that of the whole:
/// of each reason, the names kept are those nearest to the beginning of the file.
public struct Ledger: MergeableSummary, Equatable {
  /// The kinds of things that can be lost.
  public enum Loss: String, Hashable, Sendable, CaseIterable {
    case key, element, entry, expiry, group, consumer, pendingEntry = "pending entry"
    case functionLibrary = "function library", moduleAux = "module AUX", score
  }

  /// A kind of loss and why.
  public struct Reason: Hashable, Sendable {
    public var loss: Loss
    public var why: String
    public init(_ loss: Loss, _ why: String) { (self.loss, self.why) = (loss, why) }
  }

  /// How often, and where first.
  public struct Tally: Hashable, Sendable {
    public var count: UInt64 = 0
    /// Up to ten key names, with the file offsets of their records, nearest to the beginning first.
    public var samples: [Sample] = []
  }

  public struct Sample: Hashable, Sendable {
    public var offset: Int
    public var name: [UInt8]

    /// By place, and by name where the place says nothing: the order does not depend on who found what.
    func precedes(_ other: Sample) -> Bool {
      offset != other.offset ? offset < other.offset : name.lexicographicallyPrecedes(other.name)
    }
  }

  /// How many names are kept of each reason.
  public static let sampleLimit = 10

  public var keysRead: UInt64 = 0
  public var keysWritten: UInt64 = 0
  /// Left out because a filter or an option said so.
  public var keysFiltered: UInt64 = 0
  public private(set) var lost: [Reason: Tally] = [:]
  public private(set) var noted: [String: Tally] = [:]

  public init() {}

  /// Whether anything was lost.
  public var hasLosses: Bool { !lost.isEmpty }

  /// Records a loss.
  ///
  /// - Parameters:
  ///   - key: The key's name (or a library's, a module's); copied.
  ///   - offset: Where its record begins in the file; orders the samples.
  public mutating func lose(
    _ loss: Loss, _ why: String, count: UInt64 = 1, key: [UInt8], offset: Int
  ) {
    lost[Reason(loss, why), default: Tally()].add(count, key, offset)
  }

  /// Records what the output leaves out by design.
  public mutating func note(_ what: String, count: UInt64 = 1, key: [UInt8]? = nil, offset: Int = 0) {
    noted[what, default: Tally()].add(count, key, offset)
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

extension Ledger.Tally {
  fileprivate mutating func add(_ more: UInt64, _ name: [UInt8]?, _ offset: Int) {
    count += more
    guard let name else { return }
    insert(Ledger.Sample(offset: offset, name: name))
  }

  fileprivate mutating func insert(_ sample: Ledger.Sample) {
    let place = samples.firstIndex { sample.precedes($0) } ?? samples.endIndex
    if samples.contains(sample) || place >= Ledger.sampleLimit { return }
    samples.insert(sample, at: place)
    if samples.count > Ledger.sampleLimit { samples.removeLast() }
  }

  fileprivate func merged(_ other: Self) -> Self {
    var sum = self
    sum.count += other.count
    for sample in other.samples { sum.insert(sample) }
    return sum
  }
}
