import RDB
import RDBFormat
import RDBSupport

/// An entry of the second pass: a part of a key that differs, by the digests of its name and content.
struct PartRecord: SortedEntry {
  /// The number of the key among all differences.
  var rank: UInt64
  /// The digest of the part's name; of a list's element, its index.
  var name: ValueDigest
  var content: ValueDigest
  /// The offset of the part's strings in the log of its worker.
  var logOffset: UInt64
  /// The number of the part in its key, in file order.
  var ordinal: UInt64
  /// The kind takes a whole word: an entry of a run has no padding at its end.
  private var kindCode: UInt64

  init(
    rank: UInt64, name: ValueDigest, content: ValueDigest, logOffset: UInt64, ordinal: UInt64, kind: PartKind
  ) {
    (self.rank, self.name, self.content) = (rank, name, content)
    (self.logOffset, self.ordinal, kindCode) = (logOffset, ordinal, UInt64(kind.rawValue))
  }

  var kind: PartKind { PartKind(rawValue: UInt8(kindCode)) ?? .key }

  /// Orders by key, kind, name and ordinal.
  @inline(__always)
  func precedes(_ other: PartRecord) -> Bool {
    if rank != other.rank { return rank < other.rank }
    if kindCode != other.kindCode { return kindCode < other.kindCode }
    if name.low != other.name.low { return name.low < other.name.low }
    if name.high != other.name.high { return name.high < other.name.high }
    return ordinal < other.ordinal
  }

  /// Whether both are the same part of the same key.
  func isSamePart(as other: PartRecord) -> Bool {
    rank == other.rank && kindCode == other.kindCode && name == other.name
  }
}

/// The parts that one worker has found, and their strings.
struct PartLog: ~Copyable {
  private var strings: NameLog
  private var builder: RunBuilder<PartRecord>
  private let state: SipHash
  /// The number of the current key among all differences.
  var rank: UInt64 = 0
  private var ordinal: UInt64 = 0

  init(_ options: ComparisonOptions) throws(SystemError) {
    strings = try NameLog(folder: options.folder)
    builder = RunBuilder(
      memoryByteCount: options.memoryByteCount / max(options.workers, 1), folder: options.folder)
    state = options.key.state("part")
  }

  mutating func beginKey(_ key: DifferingKey) {
    rank = key.rank
    ordinal = 0
  }

  /// Adds a part of the current key.
  ///
  /// - Parameters:
  ///   - container: The name of the group, producer or path, if the kind has one.
  ///   - number: A number that belongs to the content: a score, an expiry.
  ///   - content: The digest of the content, if it is not that of `value` and `number`.
  mutating func add(
    _ kind: PartKind, container: RawSpan = RawSpan(), name: RawSpan, value: RawSpan = RawSpan(),
    number: UInt64? = nil, content: ValueDigest? = nil
  ) throws(RDBError) {
    var state = self.state
    if kind == .element {
      state.add(value)
    } else {
      state.add(value)
      state.add(number == nil ? 0 : 1)
      state.add(number ?? 0)
    }
    let content = content ?? ValueDigest(state)
    let named: ValueDigest
    if kind == .element {
      named = ValueDigest(low: ordinal, high: 0)
    } else {
      var state = self.state
      state.add(container)
      state.add(name)
      named = ValueDigest(state)
    }
    do throws(SystemError) {
      let offset = try strings.append(kind.hasContainer ? container : name, number: number ?? 0)
      if kind.hasContainer { _ = try strings.append(name, number: 0) }
      _ = try strings.append(value, number: number == nil ? 0 : 1)
      try builder.add(
        PartRecord(
          rank: rank, name: named, content: content, logOffset: offset, ordinal: ordinal, kind: kind))
    } catch {
      throw RDBError(error)
    }
    if kind != .key { ordinal += 1 }
  }

  consuming func finish() throws(RDBError) -> KeyParts.Part {
    do throws(SystemError) {
      return KeyParts.Part(runs: try builder.finish(keepsMemory: false), strings: try strings.finish())
    } catch {
      throw RDBError(error)
    }
  }
}

/// The parts of a snapshot's differing keys.
package struct KeyParts: MergeableSummary {
  /// The parts that one worker has found.
  struct Part: Sendable {
    let runs: SortedRuns<PartRecord>
    let strings: CompleteNameLog
  }
  private(set) var parts: [Part]

  init(_ parts: [Part]) { self.parts = parts }

  package mutating func merge(_ other: KeyParts) { parts += other.parts }
}
