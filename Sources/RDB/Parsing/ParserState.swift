public import RDBFormat

/// The state of a parser between two calls. It refers to the file, not to a buffer.
///
/// A copy of the state goes to another thread together with a batch of keys.
@usableFromInline
struct ParserState: Sendable {
  @usableFromInline enum Phase: UInt8, Sendable {
    /// The first nine bytes.
    case header
    /// Between records.
    case records
    /// Inside a key's value; also inside module AUX data.
    case value
    /// After a value that KeyDB may write expiries of members after.
    case memberExpiries
    /// After the announcement of a key whose sink needs a look ahead.
    case lookahead
    /// Before the announcement of a key whose value was examined.
    case examined
    /// After the EOF opcode.
    case finished
  }

  @usableFromInline var phase = Phase.header
  @usableFromInline var header = SnapshotHeader(vendor: .redis, version: 0)
  /// The bytes before the header.
  var head = SnapshotHead()
  /// The offset after the last byte of the snapshot, if it was announced.
  @usableFromInline var snapshotEnd: Int?
  @usableFromInline var database: UInt64 = 0

  /// The server that wrote the file, if it extends the files of Redis and the file tells so.
  @usableFromInline var dialect: Dialect?
  /// The release in the AUX field `redis-ver`.
  var writer: ServerVersion?
  /// The names of the function libraries so far.
  var libraryNames: Set<[UInt8]> = []
  /// The records of dialects that were stepped over.
  var skipped = Ledger()
  /// The expiries of the current hash's fields that follow it.
  @usableFromInline var memberExpiries: [[UInt8]: UnixMilliseconds] = [:]

  // The attributes of the next key.
  @usableFromInline var expiry: UnixMilliseconds?
  @usableFromInline var idleSeconds: UInt64?
  @usableFromInline var frequency: UInt8?
  @usableFromInline var metadata: [UInt8] = []
  /// The file offset of the first attribute; −1: none was read.
  @usableFromInline var recordOffset = -1

  /// Whether the next key has a property of its record besides the expiry.
  @usableFromInline var hasRareAttributes = false

  /// Whether the type of the current key is newer than the header's version.
  @usableFromInline var isNewerType = false

  /// Whether another record lies between the attributes and the key.
  @usableFromInline var isRecordSplit = false

  /// The number of bytes still to be stepped over, of a string that did not fit into the input.
  @usableFromInline var owed: UInt64 = 0
  @usableFromInline var value = ValueState()
  /// The module of the key whose value is examined, for its announcement.
  @usableFromInline var examinedModule: ModuleID?
  /// The damage found in the examined value; `nil`: none.
  @usableFromInline var damage: RDBError?
  /// The registry of Redis ≥ 8.10.
  @usableFromInline var templates: [UInt64: HashTemplate] = [:]
  @usableFromInline var templateByteCount: UInt64 = 0
  /// The offset of the last record that defined a template anew; 0 if there is none.
  @usableFromInline var redefinedTemplateOffset = 0
  /// The name of the current key where the input does not hold it, for errors.
  @usableFromInline var keyName: [UInt8] = []

  @usableFromInline init() {}

  /// Returns to the beginning of the record that was begun.
  mutating func returnToBoundary() {
    resetAttributes()
    phase = .records
    owed = 0
    value.mayHaveMemberExpiries = false
    memberExpiries = [:]
  }

  @inlinable mutating func resetAttributes() {
    expiry = nil
    idleSeconds = nil
    frequency = nil
    if !metadata.isEmpty { metadata = [] }
    recordOffset = -1
    isRecordSplit = false
    isNewerType = false
    hasRareAttributes = false
  }
}

/// The state of a parser inside a value.
@usableFromInline
struct ValueState: Sendable {
  /// How the value is read.
  @usableFromInline enum Mode: UInt8, Sendable {
    case skip, measure, validate, elements
    /// Stepped over; its bytes go to the sink.
    case stored
    /// Stepped over; a stream's numbers and the IDs of its pending entries are kept.
    case outline
  }

  /// A section of the value. The code that reads a type determines its stages and their order; `begin` is the first.
  @usableFromInline enum Stage: UInt8, Sendable {
    case begin, elements, tail
    // Streams.
    case groups, group, pending, consumers, consumer, consumerPending, released
    case idempotency, producers, producer, idempotencyEnd
    case done
  }

  @usableFromInline var type = ValueType.string
  @usableFromInline var mode = Mode.skip
  @usableFromInline var stage = Stage.begin
  /// The index of the next part of an element (``ValueLayout/Part``), while stepping over elements.
  @usableFromInline var part: UInt8 = 0
  /// The number of elements, nodes or entries left in this stage.
  @usableFromInline var remaining: UInt64 = 0
  /// The number of nodes of a list, or of groups or producers left.
  @usableFromInline var outer: UInt64 = 0
  /// The number of consumers left. In an array, the previous index or the current tag. In a path hash, the number of the
  /// path's fields left; while they are stepped over, the number of strings.
  @usableFromInline var inner: UInt64 = 0
  /// The file offset of the value's first byte, after its type byte and key.
  @usableFromInline var offset = 0
  /// Whether a quicklist's `beginElements` was called, or whether the number of fields at a path was stepped over.
  @usableFromInline var announced = false
  /// Whether KeyDB may have written expiries of members after the value.
  @usableFromInline var mayHaveMemberExpiries = false
  /// Whether the key of such a value was ended.
  var hasEndedKey = false
  /// The file offset after such a value.
  @usableFromInline var endOffset = 0
  /// Whether the value is module AUX data.
  @usableFromInline var isModuleAux = false
  /// Whether the key was not announced, because its value is damaged.
  @usableFromInline var isLeftOut = false
  /// Whether the look ahead examines the value, before its key is announced.
  @usableFromInline var isExamined = false
  /// The file offset of the type byte of the key whose value is examined.
  @usableFromInline var typeOffset = 0
  /// Whether a string was examined for a HyperLogLog.
  @usableFromInline var isSearched = false
  /// The earliest field expiry; those of type 24 are stored as differences from it.
  @usableFromInline var firstExpiry: UInt64 = 0
  @usableFromInline var template: HashTemplate?
  @usableFromInline var interest = Interest.skip
  /// The result of the modes `measure` and `validate`.
  @usableFromInline var measure = ValueMeasure()

  /// Whether `inner` is the previous index of an array.
  @usableFromInline var hasLastIndex = false

  // Streams.
  @usableFromInline var lastMaster: StreamID?
  @usableFromInline var lastID = StreamID.zero
  @usableFromInline var hasLastID = false
  @usableFromInline var liveCount: UInt64 = 0
  @usableFromInline var info = StreamInfo(
    length: 0, lastID: .zero, firstID: nil, maxDeletedID: nil, entriesAdded: nil, groupCount: 0)
  @usableFromInline var assigned: UInt64 = 0
  /// The file offset of the first of the group's pending entries that is not in the order of the IDs; −1: none.
  @usableFromInline var disorderOffset = -1

  @usableFromInline init() {}
}

/// The field names of hashes that share them (Redis ≥ 8.10).
@usableFromInline
final class HashTemplate: Sendable {
  @usableFromInline let fields: [[UInt8]]
  @usableFromInline init(fields: [[UInt8]]) { self.fields = fields }
}
