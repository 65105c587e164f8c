public import RDB
import RDBSupport
import RESP

/// Strings, lists, sets, sorted sets, hashes and arrays.
extension JSONSink {
  public mutating func string(_ value: RawSpan) throws(RDBError) {
    if isNative {
      let encoding = valueEncodings?.string(
        value, keyByteCount: key.nameByteCount, expires: key.expiry != nil)
      if key.hasAttributes {
        try appendAttributes(encoding)
        output.appendUnchecked(",\"value\":")
      } else {
        try output.reserve(256)
        // The common encodings have a text of their own, whose length is known at compile time.
        switch encoding {
        case .embstr: output.appendUnchecked(",\"encoding\":\"embstr\",\"value\":")
        case .raw: output.appendUnchecked(",\"encoding\":\"raw\",\"value\":")
        case .int: output.appendUnchecked(",\"encoding\":\"int\",\"value\":")
        default:
          try appendAttributes(encoding)
          output.appendUnchecked(",\"value\":")
        }
      }
    }
    try strings.appendValue(value, to: &output)
    if options.decodes, isNative, !options.isPart, let cardinality = HyperLogLog.cardinality(of: value) {
      try output.append(",\"cardinality\":", cardinality)
    }
  }

  public mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    key.needsComma = false
    key.hasFields = header.canCarryFieldExpiries
    leftOut.count(header, key.type, isNative: isNative)
    guard isNative else { return try beginElementsOfMember() }
    let encoding = encodings?.value(key.type, header)
    if encoding == nil, valueEncodings != nil { key.elementCounts = ElementCounts() }
    try appendAttributes(encoding)
    switch key.type.data {
    case .list: output.appendUnchecked(",\"values\":[")
    case .set: output.appendUnchecked(",\"members\":[")
    case .zset: output.appendUnchecked(",\"entries\":[")
    case .array:
      if let index = header.insertIndex {
        output.appendUnchecked(",\"insert_index\":")
        output.appendUnchecked(index)
      }
      output.appendUnchecked(",\"elements\":[")
    case .pathHash: output.appendUnchecked(",\"paths\":{")
    case .hash, .string, .stream, .module:
      if key.hasFields {
        output.appendUnchecked(",\"fields\":[")
      } else {
        output.appendUnchecked(",\"hash\":{")
      }
    }
    let isObject = key.type.data == .hash && !key.hasFields || key.type.data == .pathHash
    key.close = UInt8(ascii: isObject ? "}" : "]")
  }

  private mutating func beginElementsOfMember() throws(RDBError) {
    switch key.type.data {
    case .list, .set: try output.append("[")
    case .array: try output.append("{\"elements\":[")
    case .zset, .hash, .pathHash, .string, .stream, .module: try output.append("{")
    }
    let isArray = key.type.data == .list || key.type.data == .set || key.type.data == .array
    key.close = UInt8(ascii: isArray ? "]" : "}")
  }

  @inline(__always)
  mutating func separate() throws(RDBError) {
    if key.needsComma { try output.append(UInt8(ascii: ",")) }
    key.needsComma = true
  }

  public mutating func listElement(_ element: RawSpan) throws(RDBError) {
    if key.elementCounts != nil { key.elementCounts?.add(element) }
    if strings.writesText, element.byteCount <= Self.shortByteCount {
      let memory = try shortMemory()
      let start = separate(at: memory)
      let text = strings.writeValue(element, to: memory + start)
      if text > 0 { return wrote(start &+ text) }
    }
    try separate()
    try strings.appendValue(element, to: &output)
  }

  public mutating func setMember(_ member: RawSpan) throws(RDBError) { try listElement(member) }

  public mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    if score.isFinite {
      let wasShort = try shortMember(member) { Self.write(score, to: $0) }
      if wasShort { return }
    }
    try separate()
    if isNative {
      try output.append("{\"member\":")
      try strings.appendValue(member, to: &output)
      try output.reserve(96)
      output.appendUnchecked(score.isFinite ? ",\"score\":" : ",\"score\":null,\"score_text\":\"")
      output.advance(by: Self.write(score, to: output.spare.baseAddress.unsafelyUnwrapped))
      if !score.isFinite { output.appendUnchecked(UInt8(ascii: "\"")) }
      if options.decodes, let position = GeoPosition(score: score) { try appendPosition(position) }
      try output.append(UInt8(ascii: "}"))
    } else {
      try strings.appendName(member, to: &output)
      try output.reserve(64)
      output.appendUnchecked(":\"")
      output.advance(by: DoubleText.write(score, to: output.spare.baseAddress.unsafelyUnwrapped))
      output.appendUnchecked(UInt8(ascii: "\""))
    }
  }

  public mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws(RDBError) {
    if Self.isNegativeZero(score) { return try zsetMember(member, score: score) }
    let wasShort = try shortMember(member) { destination in
      text.withUnsafeBytes { RESPText.copy($0.baseAddress.unsafelyUnwrapped, to: destination, byteCount: $0.count) }
      return text.byteCount
    }
    if !wasShort { try zsetMember(member, score: score) }
  }

  /// Writes a member that is short text, in the native shape.
  ///
  /// - Parameter writeScore: A function that writes the text of the score and returns its byte count.
  /// - Returns: Whether the member was written; `false` for a longer member, or one that is not text.
  @inline(__always)
  private mutating func shortMember(
    _ member: RawSpan, _ writeScore: (UnsafeMutableRawPointer) -> Int
  ) throws(RDBError) -> Bool {
    guard isNative, !options.decodes, strings.writesText, member.byteCount <= Self.shortByteCount else { return false }
    let memory = try shortMemory()
    var end = separate(at: memory)
    end &+= Self.write("{\"member\":", to: memory + end)
    let text = strings.writeValue(member, to: memory + end)
    if text == 0 { return false }
    end &+= text
    end &+= Self.write(",\"score\":", to: memory + end)
    end &+= writeScore(memory + end)
    memory.storeBytes(of: UInt8(ascii: "}"), toByteOffset: end, as: UInt8.self)
    wrote(end &+ 1)
    return true
  }

  private mutating func appendPosition(_ position: GeoPosition) throws(RDBError) {
    try output.reserve(128)
    output.appendUnchecked(",\"longitude\":")
    output.advance(by: Self.write(position.longitude, to: output.spare.baseAddress.unsafelyUnwrapped))
    output.appendUnchecked(",\"latitude\":")
    output.advance(by: Self.write(position.latitude, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  /// Writes a score as a JSON number, and returns its byte count.
  ///
  /// −0 is `-0.0`: many parsers read `-0` as an integer, which has no sign.
  @inline(__always)
  private static func write(_ score: Double, to destination: UnsafeMutableRawPointer) -> Int {
    isNegativeZero(score) ? write("-0.0", to: destination) : DoubleText.write(score, to: destination)
  }

  @inline(__always)
  private static func isNegativeZero(_ score: Double) -> Bool { score.bitPattern == (-0.0 as Double).bitPattern }

  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    if key.elementCounts != nil { key.elementCounts?.add(field, value: value) }
    if strings.writesText, expiry == nil, !(isNative && key.hasFields),
      field.byteCount <= Self.shortByteCount, value.byteCount <= Self.shortByteCount
    {
      let memory = try shortMemory()
      var end = separate(at: memory)
      let name = strings.writeName(field, to: memory + end)
      end &+= name
      memory.storeBytes(of: UInt8(ascii: ":"), toByteOffset: end, as: UInt8.self)
      end &+= 1
      let text = name > 0 ? strings.writeValue(value, to: memory + end) : 0
      if text > 0 { return wrote(end &+ text) }
    }
    try separate()
    if isNative && key.hasFields {
      try output.append("{\"field\":")
      try strings.appendValue(field, to: &output)
      try output.append(",\"value\":")
      try strings.appendValue(value, to: &output)
      if let expiry { try output.append(",\"expire_ms\":", expiry.value) }
      try output.append(UInt8(ascii: "}"))
    } else {
      if expiry != nil { leftOut.fieldExpiries &+= 1 }
      try strings.appendName(field, to: &output)
      try output.append(UInt8(ascii: ":"))
      try strings.appendValue(value, to: &output)
    }
  }

  // MARK: Short elements

  /// The longest string, in bytes, of an element on the fast path, which reserves memory once per element.
  private static var shortByteCount: Int { JSONText.pieceByteCount / 2 }

  /// Returns memory for an element of two short strings.
  ///
  /// Bytes written there become output only with ``wrote(_:)``, so the sink can start again if a string is not text.
  @inline(__always)
  private mutating func shortMemory() throws(RDBError) -> UnsafeMutableRawPointer {
    try output.reserve(JSONText.pieceRoom + 256)
    return output.spare.baseAddress.unsafelyUnwrapped
  }

  /// Writes the comma before an element, if it needs one, and returns its byte count.
  @inline(__always)
  private func separate(at memory: UnsafeMutableRawPointer) -> Int {
    memory.storeBytes(of: UInt8(ascii: ","), as: UInt8.self)
    return key.needsComma ? 1 : 0
  }

  @inline(__always)
  private mutating func wrote(_ byteCount: Int) {
    output.advance(by: byteCount)
    key.needsComma = true
  }

  @inline(__always)
  private static func write(_ text: StaticString, to destination: UnsafeMutableRawPointer) -> Int {
    destination.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    return text.utf8CodeUnitCount
  }

  public mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    try separate()
    try output.reserve(64)
    output.appendUnchecked(isNative ? "[" : "{\"idx\":\"")
    output.appendUnchecked(index)
    output.appendUnchecked(isNative ? "," : "\",\"val\":")
    try strings.appendValue(value, to: &output)
    try output.append(isNative ? UInt8(ascii: "]") : UInt8(ascii: "}"))
  }

  // MARK: Path hashes

  public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    if key.isInPath { try endPath() }
    try separate()
    try strings.appendName(path, to: &output)
    try output.append(":{")
    key.isInPath = true
    key.needsComma = false
  }

  public mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    try separate()
    try strings.appendName(field, to: &output)
    try output.append(UInt8(ascii: ":"))
    try strings.appendValue(value, to: &output)
  }

  mutating func endPath() throws(RDBError) {
    try output.append(UInt8(ascii: "}"))
    key.isInPath = false
    key.needsComma = true
  }
}
