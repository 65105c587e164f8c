import RDB
import RDBFormat
import RDBSupport

/// The digests of a key's name and value, with what else is compared.
struct KeyDigest: HashedEntry {
  /// The digest of database and name.
  var name: ValueDigest
  /// The digest of the value and of the key's metadata.
  var value: ValueDigest
  /// The file offset of the record, and two bits above it: whether the key expires, and whether its value is damaged.
  private var offsetAndFlags: UInt64
  private var expiryValue: Int64
  /// The bytes of the value's data.
  var byteCount: UInt64

  init(name: ValueDigest, value: ValueDigest, offset: UInt64, expiry: UnixMilliseconds?, byteCount: UInt64) {
    (self.name, self.value, self.byteCount) = (name, value, byteCount)
    offsetAndFlags = offset | (expiry == nil ? 0 : Self.expires)
    expiryValue = expiry?.value ?? 0
  }

  /// A key whose value is damaged.
  init(damaged name: ValueDigest, offset: UInt64) {
    self.init(name: name, value: ValueDigest(low: 0, high: 0), offset: offset, expiry: nil, byteCount: 0)
    offsetAndFlags |= Self.damaged
  }

  private static let expires: UInt64 = 1 << 63
  private static let damaged: UInt64 = 1 << 62

  var offset: UInt64 { offsetAndFlags & ~(Self.expires | Self.damaged) }
  var expiry: UnixMilliseconds? { offsetAndFlags & Self.expires == 0 ? nil : UnixMilliseconds(expiryValue) }
  var isDamaged: Bool { offsetAndFlags & Self.damaged != 0 }
  var order: UInt64 { name.low }

  /// Orders by name; the records of one name are in file order.
  @inline(__always)
  func precedes(_ other: KeyDigest) -> Bool {
    if name.low != other.name.low { return name.low < other.name.low }
    if name.high != other.name.high { return name.high < other.name.high }
    return offset < other.offset
  }
}

/// Computes the digests of the keys that one worker reads: the first pass over a snapshot.
package struct KeyDigestSink: ForwardingSink, FoldingSink, ~Copyable {
  package var base: ValueDigester
  private var builder: RunBuilder<KeyDigest>
  private let nameState: SipHash
  private let metadataState: SipHash
  private let ignoresExpiries: Bool
  private let database: (UInt64) -> UInt64
  private var totals = KeyDigests.Totals()
  private var damaged = Ledger()
  // The current key.
  private var name = ValueDigest(low: 0, high: 0)
  private var offset: UInt64 = 0
  private var expiry: UnixMilliseconds?
  private var metadata: SipHash?

  package init(_ options: ComparisonOptions) {
    base = ValueDigester(key: options.key, ignoresFieldExpiries: options.ignoresExpiries)
    builder = RunBuilder(
      memoryByteCount: options.memoryByteCount / max(options.workers, 1), folder: options.folder)
    nameState = options.key.state("key")
    metadataState = options.key.state("metadata")
    ignoresExpiries = options.ignoresExpiries
    database = options.database(of:)
  }

  package mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
    name = digest(ofNameOf: key)
    offset = UInt64(key.offset)
    expiry = ignoresExpiries ? nil : key.expiry
    metadata = nil
    if key.metadata.byteCount > 0 {
      var state = metadataState
      state.add(key.metadata)
      metadata = state
    }
    return base.beginKey(key)
  }

  private func digest(ofNameOf key: borrowing KeyHeader) -> ValueDigest {
    var state = nameState
    state.add(database(key.database))
    state.add(key.name)
    return ValueDigest(state)
  }

  /// Lists the key as lost: it is not compared.
  package mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws {
    damaged.loseDamaged(key, error)
    try add(KeyDigest(damaged: digest(ofNameOf: key), offset: UInt64(key.offset)))
  }

  package mutating func endKey(_ end: KeyEnd) throws {
    var value = base.endValue()
    if var state = metadata {
      state.add(value.low)
      state.add(value.high)
      value = ValueDigest(state)
    }
    totals.keyCount &+= 1
    totals.byteCount &+= base.byteCount
    try add(KeyDigest(name: name, value: value, offset: offset, expiry: expiry, byteCount: base.byteCount))
  }

  private mutating func add(_ entry: KeyDigest) throws(RDBError) {
    do throws(SystemError) { try builder.add(entry) } catch { throw RDBError(error) }
  }

  package consuming func finish() throws -> KeyDigests {
    let (totals, damaged) = (totals, damaged)
    do throws(SystemError) {
      return KeyDigests(totals: totals, damaged: damaged, runs: [try builder.finish(keepsMemory: true)])
    } catch {
      throw RDBError(error)
    }
  }
}

/// The sorted digests of a snapshot's keys.
package struct KeyDigests: MergeableSummary {
  /// The number of keys, and the bytes of the data of all values.
  package struct Totals: Hashable, Sendable {
    package var keyCount: UInt64 = 0
    package var byteCount: UInt64 = 0
  }

  package private(set) var totals: Totals
  /// The keys whose values are damaged, as losses.
  package private(set) var damaged: Ledger
  /// The runs of all workers.
  private(set) var runs: [SortedRuns<KeyDigest>]

  init(totals: Totals, damaged: Ledger, runs: [SortedRuns<KeyDigest>]) {
    (self.totals, self.damaged, self.runs) = (totals, damaged, runs)
  }

  package mutating func merge(_ other: KeyDigests) {
    totals.keyCount += other.totals.keyCount
    totals.byteCount += other.totals.byteCount
    damaged.merge(other.damaged)
    runs += other.runs
  }
}
