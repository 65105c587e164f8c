import RDB
import RDBFormat
import RDBSupport

/// Masks packed values in place: each entry keeps its encoding and its size.
struct PackedMask: ~Copyable {
  let masker: Masker
  private var text = ByteBuffer(capacity: 4096)
  private var unsorted = ByteBuffer(capacity: 4096)
  private var order: [Pair] = []

  /// A member and its score in a packed sorted set.
  private struct Pair {
    var score: Double
    /// The text of the member in ``PackedMask/text``.
    var text: Range<Int>
    /// The entries in the packed value.
    var member: Range<Int>
    var scoreEnd: Int
  }

  init(_ masker: Masker) { self.masker = masker }

  /// Masks a packed value.
  ///
  /// - Parameters:
  ///   - value: The packed value.
  ///   - target: Gets the masked value in place of its bytes.
  ///   - key: The key of the value's words.
  /// - Throws: `RDBError`, if the value is damaged.
  mutating func mask(
    _ value: UnsafeRawBufferPointer, _ packed: ValueLayout.Packed, to target: inout ByteBuffer, _ key: MaskingKey
  ) throws(RDBError) {
    let span = RawSpan(_unsafeBytes: value)
    target.removeAll()
    target.append(span)
    switch packed {
    case .hash(let kind): try maskEntries(span, kind, [.linkedName, .value], target.base, key)
    case .set: try maskEntries(span, .listpack, [.linkedName], target.base, key)
    case .list: try maskEntries(span, .ziplist, [.value], target.base, key)
    case .hashWithExpiries: try maskEntries(span, .listpack, [.linkedName, .value, nil], target.base, key)
    case .zset(let kind):
      try maskScores(span, kind, target.base, key)
      try sort(kind, &target)
    case .intset: try maskIntset(span, target.base, key)
    case .zipmap: try maskZipmap(span, target.base, key)
    case .templateHash: throw RDBError.notRepresentable("a hash without a template", "one with")
    }
  }

  /// Masks a node of a list.
  mutating func mask(
    node: UnsafeRawBufferPointer, _ kind: PackedValue.Kind, to target: inout ByteBuffer, _ key: MaskingKey
  ) throws(RDBError) {
    target.removeAll()
    target.append(RawSpan(_unsafeBytes: node))
    try maskEntries(RawSpan(_unsafeBytes: node), kind, [.value], target.base, key)
  }

  /// Masks entries whose forms repeat; `nil`: the entry stays.
  private func maskEntries(
    _ value: RawSpan, _ kind: PackedValue.Kind, _ forms: [Masker.Form?], _ target: UnsafeMutableRawPointer,
    _ key: MaskingKey
  ) throws(RDBError) {
    var walk = try PackedValue(value, kind, at: 0)
    var index = 0
    while !walk.isAtEnd {
      let start = walk.position
      let entry = try walk.next()
      if let form = forms[index] { maskEntry(entry, at: start, kind, value, target, form, key) }
      index = index &+ 1 == forms.count ? 0 : index &+ 1
    }
  }

  /// Masks one entry.
  func maskEntry(
    _ entry: PackedEntry, at start: Int, _ kind: PackedValue.Kind, _ value: RawSpan, _ target: UnsafeMutableRawPointer,
    _ form: Masker.Form, _ key: MaskingKey
  ) {
    if entry.isInteger {
      let masked = masker.mask(entry.integer, form, key, isInZiplist: kind == .ziplist)
      PackedInteger.write(masked, at: start, kind, value, target)
    } else if entry.bytes.byteCount > 0 {
      let base = value.withUnsafeBytes { $0.baseAddress }
      entry.bytes.withUnsafeBytes { bytes in
        guard let base, let first = bytes.baseAddress else { return }
        masker.mask(bytes, to: target + (first - base), form, key, isInZiplist: kind == .ziplist)
      }
    }
  }

  // MARK: Sorted sets

  private func maskScores(
    _ value: RawSpan, _ kind: PackedValue.Kind, _ target: UnsafeMutableRawPointer, _ key: MaskingKey
  ) throws(RDBError) {
    var walk = try PackedValue(value, kind, at: 0)
    let base = value.withUnsafeBytes { $0.baseAddress }
    while !walk.isAtEnd {
      var start = walk.position
      maskEntry(try walk.next(), at: start, kind, value, target, .linkedName, key)
      start = walk.position
      let score = try walk.next()
      if score.isInteger {
        maskEntry(score, at: start, kind, value, target, .value, key)
      } else {
        score.bytes.withUnsafeBytes { bytes in
          if let base, let first = bytes.baseAddress { masker.mask(scoreText: bytes, to: target + (first - base), key) }
        }
      }
    }
  }

  /// Sorts the pairs by score, then by member, as servers expect.
  private mutating func sort(_ kind: PackedValue.Kind, _ target: inout ByteBuffer) throws(RDBError) {
    text.removeAll()
    order.removeAll(keepingCapacity: true)
    var walk = try PackedValue(target.bytes, kind, at: 0)
    let headerEnd = walk.position
    while !walk.isAtEnd {
      let start = walk.position
      let member = try walk.next()
      let memberText = text.count
      append(member)
      let middle = walk.position
      let entry = try walk.next()
      let score = entry.isInteger ? Double(entry.integer) : DoubleText.parse(entry.bytes) ?? 0
      order.append(
        Pair(score: score, text: memberText..<text.count, member: start..<middle, scoreEnd: walk.position))
    }
    let bytes = UnsafeRawBufferPointer(start: text.base, count: text.count)
    order.sort { first, second in
      if first.score != second.score { return first.score < second.score }
      return bytes[first.text].lexicographicallyPrecedes(bytes[second.text])
    }
    unsorted.removeAll()
    unsorted.append(target.bytes)
    let entries = UnsafeRawBufferPointer(start: unsorted.base, count: unsorted.count)
    target.removeAll()
    target.append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: entries[..<headerEnd])))
    var (size, last) = (0, headerEnd)
    for pair in order {
      size = PackedInteger.appendEntry(entries, pair.member, kind, size, &target)
      last = target.count
      size = PackedInteger.appendEntry(entries, pair.member.upperBound..<pair.scoreEnd, kind, size, &target)
    }
    target.append(0xFF)
    PackedInteger.finish(kind, total: target.count, last: last, target.base)
  }

  private mutating func append(_ entry: PackedEntry) {
    text.reserve(DecimalText.maximumByteCount)
    if entry.isInteger {
      text.advance(by: DecimalText.write(entry.integer, to: text.end))
    } else {
      text.append(entry.bytes)
    }
  }

  // MARK: Intsets and zipmaps

  private func maskIntset(_ value: RawSpan, _ target: UnsafeMutableRawPointer, _ key: MaskingKey) throws(RDBError) {
    let intset = try Intset(value, at: 0)
    let members = (0..<intset.count).map { masker.mask(intset.value(at: $0), .linkedName, key) }.sorted()
    for (index, member) in members.enumerated() {
      let position = target + 8 + index * intset.width
      switch intset.width {
      case 2: position.storeBytes(of: Int16(truncatingIfNeeded: member).littleEndian, as: Int16.self)
      case 4: position.storeBytes(of: Int32(truncatingIfNeeded: member).littleEndian, as: Int32.self)
      default: position.storeBytes(of: member.littleEndian, as: Int64.self)
      }
    }
  }

  private func maskZipmap(_ value: RawSpan, _ target: UnsafeMutableRawPointer, _ key: MaskingKey) throws(RDBError) {
    var walk = try Zipmap(value, at: 0)
    let base = value.withUnsafeBytes { $0.baseAddress }
    while !walk.isAtEnd {
      let field = try walk.field()
      mask(field, .linkedName, base, target, key)
      let content = try walk.value()
      let end = mask(content, .value, base, target, key)
      // Bytes that a server left free can be an older value.
      if let end {
        for index in end..<max(end, walk.position) { target.storeBytes(of: 0, toByteOffset: index, as: UInt8.self) }
      }
    }
  }

  /// Masks a part of a packed value.
  ///
  /// - Returns: The index after the part; `nil` if it is empty.
  @discardableResult
  private func mask(
    _ part: RawSpan, _ form: Masker.Form, _ base: UnsafeRawPointer?, _ target: UnsafeMutableRawPointer,
    _ key: MaskingKey
  ) -> Int? {
    part.withUnsafeBytes { bytes -> Int? in
      guard let base, let first = bytes.baseAddress else { return nil }
      masker.mask(bytes, to: target + (first - base), form, key)
      return first - base + bytes.count
    }
  }
}
