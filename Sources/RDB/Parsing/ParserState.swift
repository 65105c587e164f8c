public import RDBFormat

/// Everything a parser must remember between two calls: where it is in the file, not in its buffer.
///
/// A value, so that a run of keys can be handed to another thread together with a copy.
@usableFromInline
struct ParserState: Sendable {
  @usableFromInline enum Phase: UInt8, Sendable {
    /// The first nine bytes.
    case header
    /// Between records.
    case records
    /// Inside a key's value; also inside module AUX data.
    case value
    /// A key was announced and its sink wants to know what stands behind it.
    case lookahead
    /// Behind the EOF opcode.
    case finished
  }

  @usableFromInline var phase = Phase.header
  @usableFromInline var header = SnapshotHeader(vendor: .redis, version: 0)
  @usableFromInline var database: UInt64 = 0

  // What belongs to the next key.
  @usableFromInline var expiry: UnixMilliseconds?
  @usableFromInline var idleSeconds: UInt64?
  @usableFromInline var frequency: UInt8?
  @usableFromInline var metadata: [UInt8] = []
  /// Where the record began, with its first attribute; −1: not begun.
  @usableFromInline var recordOffset = -1

  /// Whether another record lies between the attributes and the key.
  @usableFromInline var isRecordSplit = false

  /// Bytes of a string that is being stepped over and did not fit into the input.
  @usableFromInline var owed: UInt64 = 0
  @usableFromInline var value = ValueState()
  /// The registry of Redis ≥ 8.10.
  @usableFromInline var templates: [UInt64: HashTemplate] = [:]
  @usableFromInline var templateByteCount: UInt64 = 0
  /// The key of a value that goes on in the next call, for errors.
  @usableFromInline var keyName: [UInt8] = []

  @usableFromInline init() {}

  /// Forgets a record that was begun: as between the records before it and it.
  mutating func returnToBoundary() {
    resetAttributes()
    phase = .records
    owed = 0
  }

  @inlinable mutating func resetAttributes() {
    expiry = nil
    idleSeconds = nil
    frequency = nil
    if !metadata.isEmpty { metadata = [] }
    recordOffset = -1
    isRecordSplit = false
  }
}

/// Where inside a value the parser is.
@usableFromInline
struct ValueState: Sendable {
  /// What is done with the value.
  @usableFromInline enum Mode: UInt8, Sendable {
    case skip, measure, validate, elements
    /// Skipped, its bytes handed on.
    case stored
    /// Skipped, a stream's own numbers and pending IDs kept.
    case outline
  }

  /// The place in the value's grammar. Which stages a type has, and in which order, says the code that
  /// reads it; `begin` is always first.
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
  /// The part of an element that comes next, while stepping over elements.
  @usableFromInline var part: UInt8 = 0
  /// Elements, nodes, entries still to come at this stage.
  @usableFromInline var remaining: UInt64 = 0
  /// The stage above: groups, consumers or producers still to come.
  @usableFromInline var outer: UInt64 = 0
  @usableFromInline var inner: UInt64 = 0
  /// Where the value begins in the file, behind its type byte and key.
  @usableFromInline var offset = 0
  @usableFromInline var announced = false
  /// Whether this is module AUX data rather than a key's value.
  @usableFromInline var isModuleAux = false
  /// The earliest field expiry, that field expiries of type 24 count from.
  @usableFromInline var firstExpiry: UInt64 = 0
  @usableFromInline var template: HashTemplate?
  @usableFromInline var interest = Interest.skip
  /// In the modes `measure` and `validate`.
  @usableFromInline var measure = ValueMeasure()

  /// Arrays: whether `inner` is the index before.
  @usableFromInline var hasLastIndex = false

  // Streams.
  @usableFromInline var lastMaster: StreamID?
  @usableFromInline var lastID = StreamID.zero
  @usableFromInline var hasLastID = false
  @usableFromInline var liveCount: UInt64 = 0
  @usableFromInline var info = StreamInfo(
    length: 0, lastID: .zero, firstID: nil, maxDeletedID: nil, entriesAdded: nil, groupCount: 0)
  @usableFromInline var assigned: UInt64 = 0

  @usableFromInline init() {}
}

/// The field names of hashes that share them (Redis ≥ 8.10).
@usableFromInline
final class HashTemplate: Sendable {
  @usableFromInline let fields: [[UInt8]]
  @usableFromInline init(fields: [[UInt8]]) { self.fields = fields }
}
