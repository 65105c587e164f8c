/// The layout of a value in the file, from the first byte after the key's name to the last.
///
/// A value is a head, then elements of one to three parts each, then, of a stream, a tail:
///
///     hash_2     count  ( string string milliseconds )*
///     stream     count  ( string string )*  tail
///
/// Stepping over a value, measuring it, looking for its end and decoding it follow from this description. A new value
/// type needs a row in ``ValueType/layout``, and code only if one of its parts is new.
@usableFromInline package struct ValueLayout: BitwiseCopyable, Sendable {
  /// The bytes before the first element. They determine the number of elements.
  @usableFromInline package enum Head: UInt8, BitwiseCopyable, Sendable {
    /// No bytes; one element.
    case nothing
    /// The earliest expiry of any field, 8 bytes; one element.
    case earliestExpiry
    /// The number of elements.
    case count
    /// The number of nodes: each holds many of the value's elements.
    case nodeCount
    /// The earliest expiry of any field, 8 bytes, then the number of elements.
    case earliestExpiryAndCount
    /// The number of elements, then 0, or 1 and an array's insertion index.
    case countAndInsertIndex
    /// The ID of a hash template from elsewhere in the file; one element per field.
    case templateID
    /// Field names; one element per field.
    case fieldNames
    /// Field names; one element.
    case fieldNamesAndOne
    /// No bytes; items of a module follow, up to an end mark.
    case items
  }

  /// A part of an element.
  @usableFromInline package enum Part: UInt8, BitwiseCopyable, Sendable {
    /// No such part.
    case none
    /// A string, as ``StringHeader`` describes it.
    case string
    /// A field's expiry as a length; 0: none. See ``RDBError/Code/corruptHash``.
    case fieldExpiry
    /// A field's expiry, 8 bytes, signed; −1: none.
    case milliseconds
    /// A score, 8 bytes.
    case score
    /// A score as text: one byte for its length, then the text; or one byte for NaN (253), ∞ (254), −∞ (255).
    case scoreText
    /// The kind of a quicklist's node: 1 (one plain element) or 2 (a listpack).
    case container
    /// The index of an array's element, then the tag of its value.
    case arrayIndex
    /// The value of an array's element: a string (tags 0 and 3) or 8 bytes (1 and 2).
    case arrayValue
    /// The number of fields at a path, at least one, then the fields and values: two strings each.
    case pathFields
  }

  /// The meaning of the elements: the code that decodes them.
  @usableFromInline package enum Content: BitwiseCopyable, Sendable {
    /// The bytes of a string.
    case string
    /// The bytes of one packed value.
    case packed(Packed)
    /// Members, fields or elements one by one.
    case collection(Collection)
    /// Nodes of a list; each is a packed value or, after ``Part/container`` 1, one element.
    case quicklist(PackedValue.Kind)
    /// Nodes of a stream, each a master ID and a listpack, then the tail of this version of streams.
    case stream(version: UInt8)
    /// Items of a module.
    case module
    /// Elements of an array.
    case array
    /// A listpack of a hash's values, whose field names come first.
    case templateListpack
    /// The values of a hash, whose field names come first or from a template.
    case templateValues
    /// Paths, each with its fields and values.
    case pathHash
  }

  /// The meaning of a packed value's entries.
  @usableFromInline package enum Packed: BitwiseCopyable, Sendable {
    /// Fields and values by turns.
    case hash(PackedValue.Kind)
    /// Members and scores by turns.
    case zset(PackedValue.Kind)
    /// Members.
    case set
    /// Elements of a list.
    case list
    /// Integers; an ``Intset``.
    case intset
    /// Fields and values; a ``Zipmap``.
    case zipmap
    /// Fields, values and expiries by turns.
    case hashWithExpiries
    /// The ID of a hash template from elsewhere in the file, then one value per field.
    case templateHash
  }

  /// The meaning of elements that are stored one by one.
  @usableFromInline package enum Collection: UInt8, BitwiseCopyable, Sendable {
    case list, set, hash
    /// Scores as text.
    case zsetText
    /// Scores of 8 bytes.
    case zset
    /// Expiries of 8 bytes after the values.
    case hashWithExpiries
    /// Expiries before the fields; absolute, or counted from the head's.
    case hashWithLeadingExpiries
  }

  @usableFromInline package let head: Head
  /// The parts of each element, in their order in the file.
  @usableFromInline package let first: Part
  @usableFromInline package let second: Part
  @usableFromInline package let third: Part
  @usableFromInline package let content: Content

  @inlinable init(
    _ head: Head, _ first: Part = .none, _ second: Part = .none, _ third: Part = .none, as content: Content
  ) {
    self.head = head
    self.first = first
    self.second = second
    self.third = third
    self.content = content
  }
}

extension ValueType {
  /// The table of layouts.
  ///
  /// Source: `rdbLoadObject` in Redis and Valkey `src/rdb.c`.
  @inlinable package var layout: ValueLayout {
    switch self {
    case .string: ValueLayout(.nothing, .string, as: .string)
    case .list: ValueLayout(.count, .string, as: .collection(.list))
    case .set: ValueLayout(.count, .string, as: .collection(.set))
    case .zset: ValueLayout(.count, .string, .scoreText, as: .collection(.zsetText))
    case .hash: ValueLayout(.count, .string, .string, as: .collection(.hash))
    case .zset2: ValueLayout(.count, .string, .score, as: .collection(.zset))
    case .modulePreGA: ValueLayout(.items, as: .module)
    case .module2: ValueLayout(.items, as: .module)
    case .hashZipmap: ValueLayout(.nothing, .string, as: .packed(.zipmap))
    case .listZiplist: ValueLayout(.nothing, .string, as: .packed(.list))
    case .setIntset: ValueLayout(.nothing, .string, as: .packed(.intset))
    case .zsetZiplist: ValueLayout(.nothing, .string, as: .packed(.zset(.ziplist)))
    case .hashZiplist: ValueLayout(.nothing, .string, as: .packed(.hash(.ziplist)))
    case .listQuicklist: ValueLayout(.nodeCount, .string, as: .quicklist(.ziplist))
    case .streamListpacks: ValueLayout(.nodeCount, .string, .string, as: .stream(version: 1))
    case .hashListpack: ValueLayout(.nothing, .string, as: .packed(.hash(.listpack)))
    case .zsetListpack: ValueLayout(.nothing, .string, as: .packed(.zset(.listpack)))
    case .listQuicklist2: ValueLayout(.nodeCount, .container, .string, as: .quicklist(.listpack))
    case .streamListpacks2: ValueLayout(.nodeCount, .string, .string, as: .stream(version: 2))
    case .setListpack: ValueLayout(.nothing, .string, as: .packed(.set))
    case .streamListpacks3: ValueLayout(.nodeCount, .string, .string, as: .stream(version: 3))
    case .hashMetadataPreGA:
      ValueLayout(.count, .fieldExpiry, .string, .string, as: .collection(.hashWithLeadingExpiries))
    case .hashListpackExPreGA: ValueLayout(.nothing, .string, as: .packed(.hashWithExpiries))
    case .hash2: ValueLayout(.count, .string, .string, .milliseconds, as: .collection(.hashWithExpiries))
    case .hashMetadata:
      ValueLayout(
        .earliestExpiryAndCount, .fieldExpiry, .string, .string, as: .collection(.hashWithLeadingExpiries))
    case .hashListpackEx: ValueLayout(.earliestExpiry, .string, as: .packed(.hashWithExpiries))
    case .streamListpacks4: ValueLayout(.nodeCount, .string, .string, as: .stream(version: 4))
    case .streamListpacks5: ValueLayout(.nodeCount, .string, .string, as: .stream(version: 5))
    case .array: ValueLayout(.countAndInsertIndex, .arrayIndex, .arrayValue, as: .array)
    case .hashTemplateListpackInline: ValueLayout(.fieldNamesAndOne, .string, as: .templateListpack)
    case .hashTemplateListpack: ValueLayout(.nothing, .string, as: .packed(.templateHash))
    case .hashTemplateArrayInline: ValueLayout(.fieldNames, .string, as: .templateValues)
    case .hashTemplateArray: ValueLayout(.templateID, .string, as: .templateValues)
    case .pathHash: ValueLayout(.count, .string, .pathFields, as: .pathHash)
    }
  }
}

extension ValueLayout {
  /// Whether the whole value is one string: of bytes, or of a packed value's bytes.
  @inlinable package var isOneString: Bool {
    switch head {
    case .nothing: true
    case .earliestExpiry, .count, .nodeCount, .earliestExpiryAndCount, .countAndInsertIndex, .templateID,
      .fieldNames, .fieldNamesAndOne, .items:
      false
    }
  }

  /// The number of strings per element; `nil` if an element has other parts.
  @inlinable package var stringsPerElement: UInt64? {
    guard first == .string, third == .none else { return nil }
    return second == .none ? 1 : second == .string ? 2 : nil
  }

  /// Whether the value is one packed value.
  @inlinable package var isPacked: Bool {
    switch content {
    case .packed: true
    case .string, .collection, .quicklist, .stream, .module, .array, .templateListpack, .templateValues, .pathHash:
      false
    }
  }

  /// The kind of a collection whose elements are stored one by one; `nil`: the value is stored in another way.
  @inlinable package var collection: Collection? {
    switch content {
    case .collection(let collection): collection
    case .string, .packed, .quicklist, .stream, .module, .array, .templateListpack, .templateValues, .pathHash: nil
    }
  }

  /// Whether each element is one or two strings, then 8 bytes.
  @inlinable package var endsInEightBytes: Bool {
    let last = third == .none ? second : third
    return first == .string && (last == .score || last == .milliseconds) && (third == .none || second == .string)
  }

  /// Whether a value is checked only by decoding it. Stepping over the parts checks every other value.
  @inlinable package var needsDecoding: Bool {
    switch content {
    case .string, .collection, .module, .pathHash: false
    case .packed, .quicklist, .stream, .array, .templateListpack, .templateValues: true
    }
  }

  /// Whether the value needs nothing from elsewhere in the file.
  @inlinable package var isSelfContained: Bool {
    switch content {
    case .packed(.templateHash): false
    case .templateValues: head != .templateID
    case .string, .packed, .collection, .quicklist, .stream, .module, .array, .templateListpack, .pathHash: true
    }
  }

  /// Whether the head and parts give fields with expiries.
  @inlinable package var canCarryFieldExpiries: Bool {
    switch content {
    case .packed(.hashWithExpiries), .collection(.hashWithExpiries), .collection(.hashWithLeadingExpiries): true
    case .string, .packed, .collection, .quicklist, .stream, .module, .array, .templateListpack,
      .templateValues, .pathHash:
      false
    }
  }

  /// The version of a stream's tail; 0: the value is no stream.
  @inlinable package var streamVersion: UInt8 {
    switch content {
    case .stream(let version): version
    case .string, .packed, .collection, .quicklist, .module, .array, .templateListpack, .templateValues, .pathHash: 0
    }
  }
}

/// A set of value types: what the loops ask of a layout once per key, as one bit per type.
@usableFromInline package struct ValueTypeSet: Sendable {
  @usableFromInline let bits: UInt64

  /// Creates the set of types whose layouts satisfy `predicate`.
  @usableFromInline package init(where predicate: (ValueLayout) -> Bool) {
    bits = ValueType.allCases.reduce(0) { bits, type in
      predicate(type.layout) ? bits | 1 &<< UInt64(type.rawValue) : bits
    }
  }

  /// Creates the set of some types.
  package init(_ types: some Sequence<ValueType>) { bits = types.reduce(0) { $0 | 1 &<< UInt64($1.rawValue) } }

  /// Whether the set contains `type`.
  @inlinable @inline(__always) package func contains(_ type: ValueType) -> Bool {
    bits &>> UInt64(type.rawValue) & 1 != 0
  }
}

extension ValueType {
  /// Whether the whole value is one string: of bytes, or of a packed value's bytes.
  @inlinable package var isOneString: Bool { layout.isOneString }

  /// Whether values can be written element by element: those of all collections, but for hashes of release candidates of
  /// Redis 7.4, which store absolute field expiries.
  package var isWrittenByElements: Bool {
    switch layout.collection {
    case .list, .set, .hash, .zsetText, .zset, .hashWithExpiries: true
    case .hashWithLeadingExpiries: layout.head == .earliestExpiryAndCount
    case nil: false
    }
  }

  /// Whether a value needs nothing from elsewhere in the file.
  ///
  /// The others refer to a hash template that a record earlier in the snapshot defines.
  @inlinable package var isSelfContained: Bool { layout.isSelfContained }
}
