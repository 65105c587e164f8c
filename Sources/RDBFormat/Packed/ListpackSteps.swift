public import RDBSupport

/// Steps over the entries of a listpack, which check the entries without decoding them.
@usableFromInline package struct ListpackSteps: ~Escapable, BitwiseCopyable {
  @usableFromInline let listpack: Listpack
  @usableFromInline let end: Int

  @inlinable @_lifetime(copy listpack)
  package init(_ listpack: Listpack) {
    self.listpack = listpack
    end = listpack.end
  }

  /// The index of the first entry.
  @inlinable package var start: Int { listpack.position }

  /// Whether the terminator is at `index`.
  @inlinable package func isEnd(_ index: Int) -> Bool { index == end }

  /// Steps over the entry at `start`.
  ///
  /// - Parameter start: The index of the first entry, or the result of the last step.
  /// - Returns: The index after the entry, at most that of the terminator; −1: there is no entry, or it is damaged.
  @inlinable @inline(__always) package func after(_ start: Int) -> Int {
    let first = listpack.load(start)
    let short = Int(first ^ 0x80)
    if short < 0x40 { return after(start, 1 &+ short) }
    if first & 0x80 == 0 { return after(start, 1) }
    if first & 0x20 == 0 { return after(start, 2) }
    if first > 0xF0, first <= 0xF4 {
      let width = Listpack.integerByteCount(first)
      return after(start, 1 &+ width)
    }
    return afterLongString(start)
  }

  /// Steps over an entry of `size` ≤ 127 bytes and its backlen.
  @inlinable @inline(__always) func after(_ start: Int, _ size: Int) -> Int {
    let backlen = start &+ size
    return backlen < end && Int(listpack.load(backlen)) == size ? backlen &+ 1 : -1
  }

  @inline(never)
  @usableFromInline func afterLongString(_ start: Int) -> Int {
    var walk = listpack
    walk.position = start
    do throws(RDBError) {
      _ = try walk.next()
      return walk.position
    } catch {
      return -1
    }
  }

  /// Whether the entry at `index`, which was stepped over, is a string below 64 bytes.
  @inlinable @inline(__always) package func isShortString(_ index: Int) -> Bool {
    listpack.load(index) ^ 0x80 < 0x40
  }

  /// The bytes of a string below 64 bytes at `index`, which was stepped over.
  @inlinable @inline(__always) @_lifetime(copy self)
  package func shortString(_ index: Int) -> RawSpan {
    listpack.bytes.extracting(uncheckedFrom: index &+ 1, byteCount: Int(listpack.load(index) ^ 0x80))
  }

  /// Reads the entry at `index`, which was stepped over.
  @usableFromInline @_lifetime(copy self)
  package func entry(_ index: Int) -> PackedEntry? { try? listpack.entry(at: index) }

  /// Whether the entry at `index`, which was stepped over, is a score: a number, and not NaN.
  @inlinable @inline(__always) package func isScore(_ index: Int) -> Bool {
    let first = listpack.load(index)
    if first ^ 0x80 < 0x40 { return DoubleText.isNumber(shortString(index)) }
    return first & 0x80 == 0 || first & 0xE0 == 0xC0 || first > 0xF0
  }
}
