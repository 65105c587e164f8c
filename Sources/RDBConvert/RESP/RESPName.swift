import RDB
import RESP

/// A name ready to be written: as a bulk string, in memory that is used again for the next one.
struct RESPName: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var capacity = 256
  private var headerByteCount = 0
  /// Bytes of the name itself.
  private(set) var nameByteCount = 0
  /// Bytes of the bulk string.
  private(set) var count = 0

  init() { base = .allocate(byteCount: capacity, alignment: 16) }

  deinit { base.deallocate() }

  mutating func set(_ name: RawSpan) {
    nameByteCount = name.byteCount
    if nameByteCount > capacity - 64 { grow() }
    count = RESPText.writeBulk(name, to: base)
    headerByteCount = count &- nameByteCount &- 2
  }

  mutating func set(_ name: [UInt8]) { set(name.span.bytes) }

  /// Takes a name that stands as a bulk string already.
  mutating func set(bulk: UnsafeRawBufferPointer) {
    let header = (bulk.firstIndex(of: UInt8(ascii: "\n")) ?? 0) + 1
    set(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bulk[header..<bulk.count - 2])))
  }

  @inline(never) private mutating func grow() {
    base.deallocate()
    capacity = nameByteCount + nameByteCount / 2 + 64
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  /// The bulk string.
  var bulk: RawSpan {
    @_lifetime(borrow self)
    get { _overrideLifetime(RawSpan(_unsafeStart: base, byteCount: count), borrowing: self) }
  }

  /// Where the bulk string stands, until another name does.
  var place: (start: UnsafeRawPointer, count: Int) { (UnsafeRawPointer(base), count) }

  /// The name itself.
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
