public import RDBFormat
import RDBSupport

/// Computes the digest of each value: a number that depends on the data alone, not on how the file stores it.
///
/// After ``endKey(_:)``, ``digest`` is the digest of the key's value. Wrap a ``ForwardingSink`` around a digester to use
/// it:
///
///     struct PrintDigests: ForwardingSink {
///       var base = ValueDigester()
///       mutating func endKey(_ end: KeyEnd) {
///         base.endKey(end)
///         print(base.digest)
///       }
///     }
///
/// The memory is constant, whatever the size of a value, and no event allocates.
///
/// ### Definition
///
/// Each digest is SipHash-2-4 with a result of 128 bits, of a message that consists of words of eight bytes,
/// little-endian. The key is ``DigestKey/standard``; with ``DigestKey/random()``, the function is SipHash-1-3. In the
/// table,
///
/// - `"text"` is one word: the ASCII characters, followed by zero bytes,
/// - *n* is one word: a number; a signed number is in two's complement, a score or other double in IEEE 754,
/// - **S**(*x*) is a byte string: its length as a word, its bytes, and zero bytes up to the next multiple of eight,
/// - **D**(…) is the digest of a message, as a number of 128 bits whose lower half the digest's first eight bytes are,
/// - **Σ** **D**(…) is three words: the number of digests, and the lower and upper half of their sum modulo 2¹²⁸.
///
/// | Value | Message |
/// | --- | --- |
/// | string | `"string"` **S**(value) |
/// | list | `"list"` **S**(element) for each, from the head; the number of elements |
/// | set | `"set"` **Σ** **D**(`"member"` **S**(member)) |
/// | sorted set | `"zset"` **Σ** **D**(`"scored"` score **S**(member)); a score of −0 counts as 0 |
/// | hash | `"hash"` **Σ** of each field's digest |
/// | … a field that never expires | `"field"` **S**(field) **S**(value) |
/// | … a field that expires | `"expiring"` **S**(field) **S**(value) expiry, in milliseconds since 1970 |
/// | array | `"array"` **Σ** **D**(`"element"` index **S**(value)); 1 and the insertion cursor, or 0 and 0 if it has none |
/// | path hash | `"paths"` **Σ** **D**(`"path"` **S**(path) **Σ** **D**(`"subfield"` **S**(field) **S**(value))) |
/// | module | `"module"` ID; for each item its kind and value; the number of items |
/// | stream | `"stream"`; its entries; its numbers; **Σ** of its groups' digests; its idempotency |
///
/// A module's item is 1 and a signed number, 2 and an unsigned one, 3 and the 32 bits of a float, 4 and the 64 bits of a
/// double, or 5 and **S**(string). The ID has 64 bits: the module's name and the version of its encoding.
///
/// A stream's parts:
///
/// | Part | Words |
/// | --- | --- |
/// | each live entry, in the order of IDs | milliseconds, sequence, number of fields, then **S**(field) **S**(value) for each |
/// | its numbers | number of live entries; last ID (two words); largest deleted ID (two words); entries ever added |
/// | a group | **D**(`"group"` **S**(name) last delivered ID, entries read; **Σ** of consumers; **Σ** of pending entries) |
/// | a consumer | **D**(`"consumer"` **S**(name)) |
/// | a pending entry | **D**(`"pending"` ID, time of delivery, number of deliveries, **S**(consumer)) |
/// | a released entry | **D**(`"released"` ID, time of delivery, number of deliveries) |
/// | its idempotency | 0, or: 1, duration, maximum, number of producers, **Σ** of IDs, number of IDs added, of duplicates |
/// | an idempotency ID | **D**(`"producer"` **S**(producer) **S**(ID) entry's ID) |
///
/// Numbers that an old stored type does not have are those that a server gives the stream when it loads it: no deleted
/// ID (0-0), as many entries added as are live, and the entries that a group has read as servers estimate them, with
/// 2⁶⁴ − 1 for "unknown". The idempotency is 0 as long as no ID was ever recorded.
///
/// ### Properties that the digest ignores
///
/// The key's name, database, expiry, metadata, and time or frequency of use are no part of the value. The times at which
/// a consumer was last seen and active are left out, because each attempt to read changes them. A HyperLogLog is a
/// string: its two forms have different digests.
///
/// ### Guarantees
///
/// Equal values have equal digests, for any stored type, compression and server. Two different values have different
/// digests except by chance, about once in 2¹²⁸; for values whose author tries to find two with the same digest, only
/// with ``DigestKey/random()``. A file that has a member or field several times, which no server writes, weakens the sum
/// by at most the bits of that number.
public struct ValueDigester: RDBSink {
  /// The states of messages after their first word.
  struct Beginnings: BitwiseCopyable, Sendable {
    let string, list, set, member, zset, scored, hash, field, expiring, array, element, paths, path, subfield: SipHash
    let module, stream, group, consumer, pending, released, producer: SipHash

    init(_ key: DigestKey) {
      (string, list, set, member) = (key.state("string"), key.state("list"), key.state("set"), key.state("member"))
      (zset, scored, hash) = (key.state("zset"), key.state("scored"), key.state("hash"))
      (field, expiring) = (key.state("field"), key.state("expiring"))
      (array, element, paths) = (key.state("array"), key.state("element"), key.state("paths"))
      (path, subfield, module) = (key.state("path"), key.state("subfield"), key.state("module"))
      (stream, group, consumer) = (key.state("stream"), key.state("group"), key.state("consumer"))
      (pending, released, producer) = (key.state("pending"), key.state("released"), key.state("producer"))
    }
  }

  let beginnings: Beginnings
  let ignoresFieldExpiries: Bool
  private var type = DataType.string
  /// The message of the value.
  var value: SipHash
  /// The digests of the value's elements, or of a stream's groups.
  var elements = DigestSum()
  /// The number of elements that are added to the message itself.
  var elementCount: UInt64 = 0
  private var insertIndex: UInt64?
  /// The message of the current path, and the digests of its fields.
  private var path: SipHash
  private var hasPath = false
  private var subfields = DigestSum()
  var stream = StreamState()

  /// The bytes of the value's data: of strings, elements, members, fields and their values, 8 per score and array index, and
  /// 16 per stream entry.
  package internal(set) var byteCount: UInt64 = 0

  /// The digest of the last value that was read whole.
  public private(set) var digest = ValueDigest(low: 0, high: 0)

  /// Creates a digester.
  ///
  /// - Parameters:
  ///   - key: The key of the hash function.
  ///   - ignoresFieldExpiries: Whether a field of a hash that expires has the same digest as one that does not.
  public init(key: DigestKey = .standard, ignoresFieldExpiries: Bool = false) {
    beginnings = Beginnings(key)
    self.ignoresFieldExpiries = ignoresFieldExpiries
    (value, path) = (beginnings.string, beginnings.path)
  }

  // MARK: Keys

  /// Begins the key's value, and asks for its elements.
  public mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
    begin(key.type, module: key.module)
    return .elements
  }

  /// Begins a value.
  ///
  /// - Parameter module: The ID, if the value belongs to a module.
  package mutating func begin(_ type: DataType, module: ModuleID?) {
    self.type = type
    elements = DigestSum()
    elementCount = 0
    byteCount = 0
    switch type {
    case .string: value = beginnings.string
    case .list: value = beginnings.list
    case .set: value = beginnings.set
    case .zset: value = beginnings.zset
    case .hash: value = beginnings.hash
    case .array:
      value = beginnings.array
      insertIndex = nil
    case .pathHash:
      value = beginnings.paths
      hasPath = false
    case .module:
      value = beginnings.module
      value.add(module?.rawValue ?? 0)
    case .stream:
      value = beginnings.stream
      stream = StreamState()
    }
  }

  /// Completes ``digest``.
  public mutating func endKey(_ end: KeyEnd) { digest = endValue() }

  /// Ends the value, and returns its digest.
  package mutating func endValue() -> ValueDigest {
    switch type {
    case .string: break
    case .list, .module: value.add(elementCount)
    case .set, .zset, .hash: value.add(elements)
    case .array:
      value.add(elements)
      value.add(insertIndex == nil ? 0 : 1)
      value.add(insertIndex ?? 0)
    case .pathHash:
      endPath()
      value.add(elements)
    case .stream: endStream()
    }
    return ValueDigest(value)
  }

  // MARK: Elements

  /// Adds the string.
  public mutating func string(_ value: RawSpan) {
    self.value.add(value)
    count(value)
  }

  @inline(__always)
  mutating func count(_ bytes: RawSpan) { byteCount &+= UInt64(bytes.byteCount) }

  /// Keeps the insertion cursor of an array.
  public mutating func beginElements(_ header: ElementsHeader) { insertIndex = header.insertIndex }

  /// Adds the element.
  public mutating func listElement(_ element: RawSpan) {
    value.add(element)
    count(element)
    elementCount &+= 1
  }

  /// Adds the member.
  public mutating func setMember(_ member: RawSpan) {
    var state = beginnings.member
    state.add(member)
    count(member)
    elements.add(ValueDigest(state))
  }

  /// Adds the member and its score.
  public mutating func zsetMember(_ member: RawSpan, score: Double) {
    var state = beginnings.scored
    // Servers take −0 and 0 for the same score, and forget the sign where they pack a sorted set.
    state.add(score == 0 ? 0 : score.bitPattern)
    state.add(member)
    count(member)
    byteCount &+= 8
    elements.add(ValueDigest(state))
  }

  /// Adds the field, its value and its expiry.
  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) {
    let expiry = ignoresFieldExpiries ? nil : expiry
    var state = expiry == nil ? beginnings.field : beginnings.expiring
    state.add(field)
    state.add(value)
    count(field)
    count(value)
    if let expiry { state.add(UInt64(bitPattern: expiry.value)) }
    elements.add(ValueDigest(state))
  }

  /// Adds the element and its index.
  public mutating func arrayElement(index: UInt64, value: RawSpan) {
    var state = beginnings.element
    state.add(index)
    state.add(value)
    count(value)
    byteCount &+= 8
    elements.add(ValueDigest(state))
  }

  /// Begins the path.
  public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) {
    endPath()
    self.path = beginnings.path
    self.path.add(path)
    count(path)
    subfields = DigestSum()
    hasPath = true
  }

  /// Adds the field to the path.
  public mutating func pathField(_ field: RawSpan, value: RawSpan) {
    var state = beginnings.subfield
    state.add(field)
    state.add(value)
    count(field)
    count(value)
    subfields.add(ValueDigest(state))
  }

  private mutating func endPath() {
    guard hasPath else { return }
    path.add(subfields)
    elements.add(ValueDigest(path))
    hasPath = false
  }

  /// Adds the item.
  public mutating func moduleItem(_ item: borrowing ModuleItem) {
    elementCount &+= 1
    switch item.kind {
    case .signed(let number):
      value.add(1)
      value.add(UInt64(bitPattern: number))
    case .unsigned(let number):
      value.add(2)
      value.add(number)
    case .float(let number):
      value.add(3)
      value.add(UInt64(number.bitPattern))
    case .double(let number):
      value.add(4)
      value.add(number.bitPattern)
    case .string:
      value.add(5)
      value.add(item.bytes)
      count(item.bytes)
    }
  }

  // MARK: Records that belong to no key

  /// Does nothing.
  public mutating func beginSnapshot(_ header: SnapshotHeader) {}
  /// Does nothing.
  public mutating func aux(_ field: borrowing AuxField) {}
  /// Does nothing.
  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) {}
  /// Asks for no bytes of the module.
  public mutating func beginModuleAux(_ aux: ModuleAux) -> Bool { false }
  /// Does nothing.
  public mutating func slots(_ slots: borrowing SlotHint) {}
  /// Does nothing.
  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) {}
  /// Does nothing.
  public mutating func endSnapshot(_ end: SnapshotEnd) {}

  // MARK: Stored bytes and outlines, which are never asked for

  /// Does nothing.
  public mutating func beginStored(byteCount: UInt64) {}
  /// Does nothing.
  public mutating func stored(_ chunk: RawSpan) {}
  /// Does nothing.
  public mutating func endStored() {}
  /// Does nothing.
  public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) {}
}
