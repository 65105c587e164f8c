package import RDBFormat

/// The parser's memory for announcing keys, one after another.
@usableFromInline package struct KeyRecord: ~Copyable {
  /// The properties of a ``KeyHeader`` besides the name.
  @usableFromInline package struct Attributes: BitwiseCopyable, Sendable {
    @usableFromInline package var database: UInt64 = 0
    @usableFromInline package var expiry: UnixMilliseconds?
    @usableFromInline package var idleSeconds: UInt64?
    @usableFromInline package var module: ModuleID?
    @usableFromInline package var offset = 0
    @usableFromInline var valueOffset = 0
    @usableFromInline package var storedType = ValueType.string
    @usableFromInline package var frequency: UInt8?
    @usableFromInline nonisolated(unsafe) var metadata = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The parser's input during a call of `parse`; `nil`: the record's bytes are not available.
    @usableFromInline nonisolated(unsafe) var input: UnsafeRawPointer?
    /// The file offset of the first byte of `input`.
    @usableFromInline var inputOffset = 0

    @inlinable package init() {}

    /// The attributes of a key that was announced, without its metadata and stored bytes.
    @inlinable package init(of key: borrowing KeyHeader) {
      self = key.attributes.pointee
      metadata = UnsafeRawBufferPointer(start: nil, count: 0)
      input = nil
    }

    /// Announces a key with these attributes: for a sink that holds a key back and announces it later.
    ///
    /// - Parameter metadata: A KEY_META record as stored; empty: none.
    @inlinable package func announce<Result>(
      name: RawSpan, metadata: RawSpan, _ body: (borrowing KeyHeader) throws -> Result
    ) rethrows -> Result {
      var attributes = self
      attributes.metadata = metadata.withUnsafeBytes { $0 }
      return try withUnsafePointer(to: attributes) { try body(KeyHeader(name: name, $0)) }
    }

    @usableFromInline var storedPrefix: UnsafeRawBufferPointer {
      guard let input, offset >= inputOffset, valueOffset >= offset else {
        return UnsafeRawBufferPointer(start: nil, count: 0)
      }
      return UnsafeRawBufferPointer(start: input + (offset - inputOffset), count: valueOffset - offset)
    }
  }

  @usableFromInline package let attributes: UnsafeMutablePointer<Attributes>

  @usableFromInline package init() {
    attributes = .allocate(capacity: 1)
    attributes.initialize(to: Attributes())
  }

  @inlinable deinit { attributes.deallocate() }

  /// Forgets what most keys do not have.
  @inlinable @inline(__always) func resetAttributes() {
    attributes.pointee.expiry = nil
    attributes.pointee.idleSeconds = nil
    attributes.pointee.frequency = nil
    attributes.pointee.module = nil
    attributes.pointee.metadata = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// Announces a key with these attributes.
  @inlinable @inline(__always) @_lifetime(borrow self, copy name)
  func header(name: RawSpan) -> KeyHeader { KeyHeader(name: name, attributes) }

  /// Announces a key with these attributes and this metadata, until the next call.
  ///
  /// - Parameter metadata: A KEY_META record as stored; empty: none.
  @inlinable @_lifetime(borrow self, copy name, copy metadata)
  func header(name: RawSpan, metadata: RawSpan) -> KeyHeader {
    attributes.pointee.metadata = metadata.withUnsafeBytes { $0 }
    return KeyHeader(name: name, attributes)
  }
}
