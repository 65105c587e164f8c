import RDBFormat

/// A decoder of one value from its stored bytes, which come in chunks.
@usableFromInline
struct StoredValueDecoder: ~Copyable {
  @usableFromInline var parser = RDBParser()
  /// Bytes that the parser has not consumed yet.
  @usableFromInline var rest: [UInt8] = []
  /// The file offset of the first byte not consumed.
  @usableFromInline var offset = 0
  @usableFromInline var isComplete = false

  @usableFromInline init() { parser.knowsKey = false }

  /// What the value's lengths tell, for `measure` and `validate`.
  @usableFromInline var measure: ValueMeasure { parser.state.value.measure }

  /// Begins a value.
  ///
  /// - Parameters:
  ///   - header: The header of the snapshot that the value comes from.
  ///   - offset: The file offset of the value's first byte.
  ///   - interest: `measure` and `validate` announce nothing; every other answer announces elements.
  @usableFromInline mutating func begin(
    _ type: ValueType, of header: SnapshotHeader, offset: Int, _ interest: Interest
  ) {
    parser.state = ParserState()
    parser.state.header = header
    parser.beginValue(type, offset: offset)
    parser.state.value.measure = ValueMeasure()
    switch interest {
    case .measure: parser.state.value.mode = .measure
    case .validate: parser.state.value.mode = .validate
    case .skip: parser.state.value.mode = .skip
    case .stored, .elements, .elementsAfterOutline, .storedOrOutlined, .validatedStored, .validatedStoredOrOutlined:
      parser.state.value.mode = .elements
    }
    parser.stopsAfterValue = true
    rest.removeAll(keepingCapacity: true)
    self.offset = offset
    isComplete = false
  }

  /// Decodes as much as the bytes so far allow.
  @inlinable mutating func feed<S: RDBSink & ~Copyable>(_ chunk: RawSpan, into sink: inout S) throws {
    if isComplete { return }
    var consumed = 0
    if rest.isEmpty {
      isComplete = try parser.parse(chunk, at: offset, isFinal: false, into: &sink, consumed: &consumed) == .end
      chunk.extracting(consumed..<chunk.byteCount).withUnsafeBytes { rest.append(contentsOf: $0) }
    } else {
      var bytes = exchange(&rest, with: [])
      chunk.withUnsafeBytes { bytes.append(contentsOf: $0) }
      isComplete =
        try parser.parse(bytes.span.bytes, at: offset, isFinal: false, into: &sink, consumed: &consumed) == .end
      bytes.removeFirst(consumed)
      rest = bytes
    }
    offset += consumed
  }
}
