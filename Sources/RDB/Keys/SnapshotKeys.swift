public import RDBFormat

/// The keys of a snapshot, one after the other, with their values: the convenient way in.
///
///     for result in try SnapshotKeys(FileSource(path: "dump.rdb")) {
///       let key = try result.get()
///       print(key.database, printable(key.name), key.expiry as Any)
///     }
///
/// Each key is copied out of the file whole; values larger than a limit end the iteration with
/// `valueTooLarge`. Damage is the last element, as a failure. For speed or for values of any size, read
/// into a sink (``RDBReader``).
public struct SnapshotKeys: Sequence {
  /// The default for how many bytes one value may hold.
  public static let defaultValueLimit = 256 << 20

  private let source: any ByteSource
  private let options: RDBReader.Options
  private let valueLimit: Int

  /// - Parameter valueLimit: Bytes that the elements of one value may have together.
  public init(
    _ source: any ByteSource, options: RDBReader.Options = .init(),
    valueLimit: Int = defaultValueLimit
  ) {
    self.source = source
    self.options = options
    self.valueLimit = valueLimit
  }

  public func makeIterator() -> Iterator {
    Iterator(source, options: options, valueLimit: valueLimit)
  }

  /// Reads a window at a time, and hands out what it held.
  public final class Iterator: IteratorProtocol {
    private var reader: RDBReader?
    private var sink: OwningSink
    private var next_ = 0
    /// AUX fields read so far.
    public var auxFields: [(name: [UInt8], value: [UInt8])] { sink.auxFields }
    /// Function libraries read so far: their source.
    public var functionLibraries: [[UInt8]] { sink.functionLibraries }

    init(_ source: any ByteSource, options: RDBReader.Options, valueLimit: Int) {
      reader = RDBReader(source, options: options)
      sink = OwningSink(valueLimit: valueLimit)
    }

    /// - Returns: The next key; a failure once, if the snapshot is damaged; then `nil`.
    public func next() -> Result<SnapshotKey, RDBError>? {
      while next_ == sink.keys.count {
        sink.keys.removeAll(keepingCapacity: true)
        next_ = 0
        guard reader != nil else { break }
        do throws(RDBError) {
          if try reader!.readWindow(into: &sink) { reader = nil }
        } catch {
          reader = nil
          // The keys in front of the damage first.
          if sink.keys.isEmpty { return .failure(error) }
          sink.failure = error
        }
        if sink.keys.isEmpty, reader == nil { break }
      }
      if next_ < sink.keys.count {
        defer { next_ += 1 }
        return .success(sink.keys[next_])
      }
      if let failure = sink.failure {
        sink.failure = nil
        return .failure(failure)
      }
      return nil
    }
  }
}

/// A key and its value, owned.
public struct SnapshotKey: Hashable, Sendable {
  public var name: [UInt8]
  public var database: UInt64
  /// How the value is laid out in the file.
  public var storedType: ValueType
  public var expiry: UnixMilliseconds?
  public var idleSeconds: UInt64?
  public var frequency: UInt8?
  public var value: SnapshotValue

  /// What kind of data the key holds.
  public var type: DataType { storedType.data }
}

/// A value, owned. Elements are in file order.
public enum SnapshotValue: Hashable, Sendable {
  case string([UInt8])
  case list([[UInt8]])
  case set([[UInt8]])
  case zset([ScoredMember])
  case hash([HashField])
  case stream(SnapshotStream)
  case array([UInt64: [UInt8]], insertIndex: UInt64?)
  /// A module's value as stored, its ID first decoded from it.
  case module(ModuleID, stored: [UInt8])

  public struct ScoredMember: Hashable, Sendable {
    public var member: [UInt8]
    public var score: Double
  }

  public struct HashField: Hashable, Sendable {
    public var field: [UInt8]
    public var value: [UInt8]
    public var expiry: UnixMilliseconds?
  }
}

/// A stream, owned.
public struct SnapshotStream: Hashable, Sendable {
  public struct Entry: Hashable, Sendable {
    public var id: StreamID
    public var fields: [Field]
  }
  public struct Field: Hashable, Sendable {
    public var name: [UInt8]
    public var value: [UInt8]
  }
  public struct Consumer: Hashable, Sendable {
    public var name: [UInt8]
    public var seen: UnixMilliseconds
    public var active: UnixMilliseconds?
  }
  public struct Pending: Hashable, Sendable {
    public var id: StreamID
    /// `nil`: released.
    public var consumer: [UInt8]?
    public var delivered: UnixMilliseconds
    public var deliveryCount: UInt64
  }
  /// Producers whose repeated entries are recognised.
  public struct Idempotency: Hashable, Sendable {
    public struct Producer: Hashable, Sendable {
      public var name: [UInt8]
      public var ids: [ID] = []
    }
    public struct ID: Hashable, Sendable {
      public var id: [UInt8]
      public var entry: StreamID
    }
    public var durationSeconds: UInt64
    public var maxEntries: UInt64
    /// Those that have an ID remembered.
    public var producers: [Producer] = []
    public var idsAdded: UInt64 = 0
    public var idsDuplicate: UInt64 = 0
  }
  public struct Group: Hashable, Sendable {
    public var name: [UInt8]
    public var lastDelivered: StreamID
    public var entriesRead: EntriesRead
    public var consumers: [Consumer] = []
    public var pending: [Pending] = []
  }
  public var entries: [Entry] = []
  public var info = StreamInfo(
    length: 0, lastID: .zero, firstID: nil, maxDeletedID: nil, entriesAdded: nil, groupCount: 0)
  public var groups: [Group] = []
  /// Redis ≥ 8.6; `nil`: the stored version has no such notion.
  public var idempotency: Idempotency?
  public init() {}
}

extension RDBReader {
  /// Reads what one window holds.
  ///
  /// - Returns: Whether the snapshot is complete.
  mutating func readWindow(into sink: inout OwningSink) throws(RDBError) -> Bool {
    if try readRecords(into: &sink, until: .window) {
      let end = try readEnd()
      try sink.endSnapshot(end)
      return true
    }
    return false
  }
}

/// Copies keys and values out of the events.
struct OwningSink: RDBSink {
  var keys: [SnapshotKey] = []
  var auxFields: [(name: [UInt8], value: [UInt8])] = []
  var functionLibraries: [[UInt8]] = []
  var failure: RDBError?
  private let valueLimit: Int
  private var byteCount = 0
  private var key: SnapshotKey?
  private var module: ModuleID?
  private var keyOffset = 0

  init(valueLimit: Int) { self.valueLimit = valueLimit }

  private mutating func own(_ bytes: RawSpan) throws(RDBError) -> [UInt8] {
    // What an array and its place in a row cost beside the bytes.
    byteCount += bytes.byteCount + 48
    if byteCount > valueLimit {
      throw RDBError(
        .valueTooLarge, at: keyOffset, expected: "a value of at most \(valueLimit) bytes",
        found: "a larger one (read it into a sink)", key: key?.name, database: key?.database,
        valueType: key?.storedType.name)
    }
    return bytes.withUnsafeBytes { Array($0) }
  }

  mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {}
  mutating func aux(name: RawSpan, value: RawSpan) throws(RDBError) {
    byteCount = 0
    auxFields.append((try own(name), try own(value)))
  }
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {
    byteCount = 0
    functionLibraries.append(try own(library.code))
  }
  mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool { false }
  mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) {}
  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {}

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    byteCount = 0
    keyOffset = key.offset
    let value: SnapshotValue =
      switch key.type {
      case .string: .string([])
      case .list: .list([])
      case .set: .set([])
      case .zset: .zset([])
      case .hash: .hash([])
      case .stream: .stream(SnapshotStream())
      case .array: .array([:], insertIndex: nil)
      case .module: .module(key.module ?? ModuleID(rawValue: 0), stored: [])
      }
    self.key = SnapshotKey(
      name: try own(key.name), database: key.database, storedType: key.storedType, expiry: key.expiry,
      idleSeconds: key.idleSeconds, frequency: key.frequency, value: value)
    return key.type == .module ? .stored : .elements
  }

  /// Changes the value in place, without a second owner of its storage.
  private mutating func change(_ body: (inout SnapshotValue) -> Void) {
    body(&key!.value)
  }

  mutating func beginStored(byteCount: UInt64) throws(RDBError) {}
  mutating func stored(_ chunk: RawSpan) throws(RDBError) {
    guard key != nil else { return }
    let bytes = try own(chunk)
    change {
      if case .module(let id, var stored) = $0 {
        $0 = .string([])
        stored += bytes
        $0 = .module(id, stored: stored)
      }
    }
  }
  mutating func endStored() throws(RDBError) {}
  mutating func string(_ value: RawSpan) throws(RDBError) {
    let value = try own(value)
    change { $0 = .string(value) }
  }
  mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    if header.insertIndex != nil { key?.value = .array([:], insertIndex: header.insertIndex) }
  }
  mutating func listElement(_ element: RawSpan) throws(RDBError) {
    let element = try own(element)
    change {
      if case .list(var list) = $0 {
        $0 = .string([])
        list.append(element)
        $0 = .list(list)
      }
    }
  }
  mutating func setMember(_ member: RawSpan) throws(RDBError) {
    let member = try own(member)
    change {
      if case .set(var set) = $0 {
        $0 = .string([])
        set.append(member)
        $0 = .set(set)
      }
    }
  }
  mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    let member = SnapshotValue.ScoredMember(member: try own(member), score: score)
    change {
      if case .zset(var zset) = $0 {
        $0 = .string([])
        zset.append(member)
        $0 = .zset(zset)
      }
    }
  }
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    let field = SnapshotValue.HashField(
      field: try own(field), value: try own(value), expiry: expiry)
    change {
      if case .hash(var hash) = $0 {
        $0 = .string([])
        hash.append(field)
        $0 = .hash(hash)
      }
    }
  }
  mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    let value = try own(value)
    change {
      if case .array(var elements, let insertIndex) = $0 {
        $0 = .string([])
        elements[index] = value
        $0 = .array(elements, insertIndex: insertIndex)
      }
    }
  }
  mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {}

  private mutating func changeStream(_ body: (inout SnapshotStream) -> Void) {
    change {
      if case .stream(var stream) = $0 {
        $0 = .string([])
        body(&stream)
        $0 = .stream(stream)
      }
    }
  }
  mutating func streamOutline(_ outline: StreamOutline) throws(RDBError) {}
  mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    byteCount += 48
    changeStream { $0.entries.append(.init(id: id, fields: [])) }
  }
  mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    let field = SnapshotStream.Field(name: try own(field), value: try own(value))
    changeStream { $0.entries[$0.entries.count - 1].fields.append(field) }
  }
  mutating func streamInfo(_ info: StreamInfo) throws(RDBError) { changeStream { $0.info = info } }
  mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    let group = SnapshotStream.Group(
      name: try own(group.name), lastDelivered: group.lastDelivered,
      entriesRead: group.entriesRead)
    changeStream { $0.groups.append(group) }
  }
  mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    let consumer = SnapshotStream.Consumer(
      name: try own(consumer.name), seen: consumer.seen, active: consumer.active)
    changeStream { $0.groups[$0.groups.count - 1].consumers.append(consumer) }
  }
  mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    let name = try own(pending.consumer)
    let entry = SnapshotStream.Pending(
      id: pending.id, consumer: pending.consumerIndex == nil ? nil : name,
      delivered: pending.delivered, deliveryCount: pending.deliveryCount)
    changeStream { $0.groups[$0.groups.count - 1].pending.append(entry) }
  }
  mutating func streamIdempotency(_ settings: StreamIdempotency) throws(RDBError) {
    let idempotency = SnapshotStream.Idempotency(
      durationSeconds: settings.durationSeconds, maxEntries: settings.maxEntries)
    changeStream { $0.idempotency = idempotency }
  }
  mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID)
    throws(RDBError)
  {
    let name = try own(producer)
    let id = SnapshotStream.Idempotency.ID(id: try own(id), entry: entry)
    changeStream { $0.idempotency?.append(id, of: name) }
  }
  mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws(RDBError) {
    changeStream {
      $0.idempotency?.idsAdded = idsAdded
      $0.idempotency?.idsDuplicate = idsDuplicate
    }
  }
  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    if let key { keys.append(key) }
    key = nil
  }
  mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) {}
}

extension SnapshotStream.Idempotency {
  /// IDs of one producer come one behind the other.
  fileprivate mutating func append(_ id: ID, of name: [UInt8]) {
    if producers.last?.name != name { producers.append(Producer(name: name)) }
    producers[producers.count - 1].ids.append(id)
  }
}
