import RDBFormat

/// Masks the node of a stream: names and values of fields, of deleted entries too. IDs and counts stay.
struct StreamNodeMask {
  let fieldKey: MaskingKey
  let valueKey: MaskingKey

  /// Masks a node.
  ///
  ///     count deleted fields field… 0
  ///     flags ms-diff seq-diff [fields] (field value)… size     each entry; flag 2: only the values
  ///
  /// - Parameters:
  ///   - node: The listpack.
  ///   - target: A copy of it.
  /// - Throws: `RDBError`, if the node is damaged.
  func mask(_ node: RawSpan, _ target: UnsafeMutableRawPointer, with mask: borrowing PackedMask) throws(RDBError) {
    var walk = try Listpack(node, at: 0)
    for _ in 0..<2 { _ = try integer(&walk) }
    let fieldCount = try integer(&walk)
    for _ in 0..<fieldCount { try change(&walk, node, target, mask, .linkedName, fieldKey) }
    _ = try walk.next()
    while !walk.isAtEnd {
      let flags = try integer(&walk)
      for _ in 0..<2 { _ = try integer(&walk) }
      let isShared = flags & 2 != 0
      let count = isShared ? fieldCount : try integer(&walk)
      for _ in 0..<count {
        if !isShared { try change(&walk, node, target, mask, .linkedName, fieldKey) }
        try change(&walk, node, target, mask, .value, valueKey)
      }
      _ = try integer(&walk)
    }
  }

  @_lifetime(walk: copy walk)
  private func change(
    _ walk: inout Listpack, _ node: RawSpan, _ target: UnsafeMutableRawPointer, _ mask: borrowing PackedMask,
    _ form: Masker.Form, _ key: MaskingKey
  ) throws(RDBError) {
    let start = walk.position
    mask.maskEntry(try walk.next(), at: start, .listpack, node, target, form, key)
  }

  /// Reads a number of the node, which is never negative where it is a count.
  @_lifetime(walk: copy walk)
  private func integer(_ walk: inout Listpack) throws(RDBError) -> Int64 {
    let entry = try walk.next()
    guard entry.isInteger else {
      throw RDBError(.corruptStream, at: 0, expected: "a number", found: "text")
    }
    return max(entry.integer, 0)
  }
}
