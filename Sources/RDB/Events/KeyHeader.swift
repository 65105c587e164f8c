public import RDBFormat

/// What is known of a key before its value is read. Borrowed: valid during the call that receives it.
///
/// A view, three words long: most sinks look at the name and little else.
public struct KeyHeader: ~Escapable, BitwiseCopyable {
  /// The key's name: bytes, not text.
  public let name: RawSpan
  @usableFromInline let attributes: UnsafePointer<KeyRecord.Attributes>

  @inlinable @_lifetime(copy name)
  init(name: RawSpan, _ attributes: UnsafePointer<KeyRecord.Attributes>) {
    self.name = name
    self.attributes = attributes
  }

  @inlinable public var database: UInt64 { attributes.pointee.database }
  /// What kind of data the key holds: a string, a list, a hash …
  @inlinable public var type: DataType { attributes.pointee.storedType.data }
  /// How the value is laid out in the file: as a quicklist, as a listpack …
  @inlinable public var storedType: ValueType { attributes.pointee.storedType }
  /// Absolute; `nil`: the key never expires.
  @inlinable public var expiry: UnixMilliseconds? { attributes.pointee.expiry }
  /// LRU idle time, written under an LRU policy.
  @inlinable public var idleSeconds: UInt64? { attributes.pointee.idleSeconds }
  /// LFU counter 0–255, written under an LFU policy.
  @inlinable public var frequency: UInt8? { attributes.pointee.frequency }
  /// The module type, for values of modules.
  @inlinable public var module: ModuleID? { attributes.pointee.module }
  /// The file offset of the first byte of the record (its first attribute opcode, or the type byte).
  @inlinable public var offset: Int { attributes.pointee.offset }
  /// Redis ≥ 8.6: the KEY_META record as stored, opcode included; empty: none.
  @inlinable public var metadata: RawSpan {
    @_lifetime(copy self)
    get {
      _overrideLifetime(RawSpan(_unsafeBytes: attributes.pointee.metadata), copying: self)
    }
  }
}

/// Memory for announcing keys: one is enough for all keys, one after the other.
///
/// The reader has one. A sink around a sink that changes what is announced (``header(name:metadata:)``)
/// has one of its own.
public struct KeyRecord: ~Copyable {
  /// What a ``KeyHeader`` says besides the name and the metadata.
  public struct Attributes: BitwiseCopyable, Sendable {
    public var database: UInt64 = 0
    public var expiry: UnixMilliseconds?
    public var idleSeconds: UInt64?
    public var module: ModuleID?
    public var offset = 0
    public var storedType = ValueType.string
    public var frequency: UInt8?
    @usableFromInline nonisolated(unsafe) var metadata = UnsafeRawBufferPointer(start: nil, count: 0)
    public init() {}

    /// The same as of a key that was announced.
    @inlinable public init(of key: borrowing KeyHeader) {
      self = key.attributes.pointee
      metadata = UnsafeRawBufferPointer(start: nil, count: 0)
    }
  }

  @usableFromInline let place: UnsafeMutablePointer<Attributes>

  public init() {
    place = .allocate(capacity: 1)
    place.initialize(to: Attributes())
  }

  @inlinable deinit { place.deallocate() }

  @inlinable public var attributes: Attributes {
    get { place.pointee }
    nonmutating set { place.pointee = newValue }
  }

  /// An announcement with these attributes; valid until they are changed.
  @inlinable @inline(__always) @_lifetime(copy name)
  func header(name: RawSpan) -> KeyHeader { KeyHeader(name: name, place) }

  /// An announcement with these attributes and this metadata; valid until they are changed, and no longer
  /// than this record lives.
  ///
  /// - Parameter metadata: A KEY_META record as stored; empty: none.
  @inlinable @_lifetime(copy name, copy metadata)
  public func header(name: RawSpan, metadata: RawSpan) -> KeyHeader {
    place.pointee.metadata = metadata.withUnsafeBytes { $0 }
    return KeyHeader(name: name, place)
  }
}
