public import RDBFormat

/// The description of a key, before its value is read. Borrowed: valid during the call that receives it.
///
/// A view of three machine words: most sinks read little more than the name.
public struct KeyHeader: ~Escapable, BitwiseCopyable {
  /// The key's name: bytes, not text.
  public let name: RawSpan
  @usableFromInline let attributes: UnsafePointer<KeyRecord.Attributes>

  @inlinable @_lifetime(copy name)
  init(name: RawSpan, _ attributes: UnsafePointer<KeyRecord.Attributes>) {
    self.name = name
    self.attributes = attributes
  }

  /// The number of the database.
  @inlinable public var database: UInt64 { attributes.pointee.database }
  /// The kind of data that the key holds: a string, a list, a hash …
  @inlinable public var type: DataType { attributes.pointee.storedType.data }
  /// The layout of the value in the file: a quicklist, a listpack …
  @inlinable public var storedType: ValueType { attributes.pointee.storedType }
  /// The time at which the key expires; `nil`: never.
  @inlinable public var expiry: UnixMilliseconds? { attributes.pointee.expiry }
  /// Seconds since the key was last used; written under an LRU policy.
  @inlinable public var idleSeconds: UInt64? { attributes.pointee.idleSeconds }
  /// The LFU counter, 0–255; written under an LFU policy.
  @inlinable public var frequency: UInt8? { attributes.pointee.frequency }
  /// The module's type, if the value belongs to a module.
  @inlinable public var module: ModuleID? { attributes.pointee.module }
  /// The file offset of the first byte of the record: its first attribute opcode, or the type byte.
  @inlinable public var offset: Int { attributes.pointee.offset }
  /// The KEY_META record as stored, opcode included (Redis 8.6 and later); empty: none.
  @inlinable public var metadata: RawSpan {
    @_lifetime(copy self)
    get {
      _overrideLifetime(RawSpan(_unsafeBytes: attributes.pointee.metadata), copying: self)
    }
  }

  /// The file offset of the value's first byte.
  @usableFromInline package var valueOffset: Int { attributes.pointee.valueOffset }

  /// The record's bytes from ``offset`` to the value's first byte: attributes, type, name, and of a module its ID.
  ///
  /// Empty if the announcement was changed, or if other records lie between the attributes and the key.
  @usableFromInline package var storedPrefix: RawSpan {
    @_lifetime(copy self)
    get { _overrideLifetime(RawSpan(_unsafeBytes: attributes.pointee.storedPrefix), copying: self) }
  }

  /// Announces the same key with another name, database or expiry.
  ///
  /// For a sink around a sink that changes what the inner sink is told:
  ///
  ///     try key.changing(name: key.name, database: 0, expiry: nil) { try base.beginKey($0) }
  ///
  /// - Parameters:
  ///   - name: The name to announce.
  ///   - database: The database to announce.
  ///   - expiry: The expiry to announce; `nil`: the key never expires.
  ///   - body: Called once with the changed announcement, which is valid during the call.
  /// - Returns: The result of `body`.
  /// - Complexity: O(1). Nothing is allocated or copied.
  @inlinable
  public func changing<Result>(
    name: RawSpan, database: UInt64, expiry: UnixMilliseconds?,
    _ body: (borrowing KeyHeader) throws -> Result
  ) rethrows -> Result {
    var changed = attributes.pointee
    changed.database = database
    changed.expiry = expiry
    changed.input = nil
    return try withUnsafePointer(to: changed) { try body(KeyHeader(name: name, $0)) }
  }
}
