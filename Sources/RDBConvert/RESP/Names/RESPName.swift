import RDB
import RESP

/// A name as a bulk string, in memory that the next name reuses.
struct RESPName: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var capacity = 256
  private var headerByteCount = 0
  /// The byte count of the name.
  private(set) var nameByteCount = 0
  /// The byte count of the bulk string.
  private(set) var count = 0

  init() { base = .allocate(byteCount: capacity, alignment: 16) }

  deinit { base.deallocate() }

  /// Replaces the name.
  mutating func set(_ name: RawSpan) {
    nameByteCount = name.byteCount
    if nameByteCount > capacity - 64 { grow() }
    count = RESPText.writeBulk(name, to: base)
    headerByteCount = count &- nameByteCount &- 2
  }

  /// Replaces the name.
  mutating func set(_ name: [UInt8]) { set(name.span.bytes) }

  /// Replaces the name by the content of a bulk string.
  mutating func set(bulk: UnsafeRawBufferPointer) {
    let header = (bulk.firstIndex(of: UInt8(ascii: "\n")) ?? 0) + 1
    set(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bulk[header..<bulk.count - 2])))
  }

  @inline(never) private mutating func grow() {
    base.deallocate()
    capacity = nameByteCount + nameByteCount / 2 + 64
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  /// The name as a bulk string.
  var bulk: RawSpan {
    @_lifetime(borrow self)
    get { _overrideLifetime(RawSpan(_unsafeStart: base, byteCount: count), borrowing: self) }
  }

  /// The memory of the bulk string; valid until the name is replaced.
  var memory: (start: UnsafeRawPointer, count: Int) { (UnsafeRawPointer(base), count) }

  /// The name.
  var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      _overrideLifetime(
        RawSpan(_unsafeStart: base + headerByteCount, byteCount: nameByteCount), borrowing: self)
    }
  }

  /// A copy of the name.
  var array: [UInt8] { bytes.withUnsafeBytes { Array($0) } }
}
