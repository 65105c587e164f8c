public import RDB

/// Strings, lists, sets, sorted sets, hashes and arrays.
extension JSONSink {
  public mutating func string(_ value: RawSpan) throws(RDBError) {
    if isNative {
      let encoding = encodings?.string(
        value, keyByteCount: key.nameByteCount, expires: key.expiry != nil)
      try appendAttributes(encoding)
      output.appendUnchecked(",\"value\":")
    }
    try strings.appendValue(value, to: &output)
  }

  public mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    key.needsComma = false
    key.hasFields = header.canCarryFieldExpiries
    leftOut.count(header, key.type, isNative: isNative)
    guard isNative else { return try beginElementsOfMember() }
    let encoding = encodings?.value(key.type, header)
    if encoding == nil, encodings != nil { key.tally = ElementTally() }
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
    default:
      if key.hasFields {
        output.appendUnchecked(",\"fields\":[")
      } else {
        output.appendUnchecked(",\"hash\":{")
      }
    }
    key.close = UInt8(ascii: key.type.data == .hash && !key.hasFields ? "}" : "]")
  }

  private mutating func beginElementsOfMember() throws(RDBError) {
    switch key.type.data {
    case .list, .set: try output.append("[")
    case .array: try output.append("{\"elements\":[")
    default: try output.append("{")
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
    if key.tally != nil { key.tally?.add(element) }
    try separate()
    try strings.appendValue(element, to: &output)
  }

  public mutating func setMember(_ member: RawSpan) throws(RDBError) {
    if key.tally != nil { key.tally?.add(member) }
    try separate()
    try strings.appendValue(member, to: &output)
  }

  public mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    try separate()
    if isNative {
      try output.append("{\"member\":")
      try strings.appendValue(member, to: &output)
      try output.reserve(96)
      output.appendUnchecked(score.isFinite ? ",\"score\":" : ",\"score\":null,\"score_text\":\"")
      appendUnchecked(score)
      output.appendUnchecked(score.isFinite ? "}" : "\"}")
    } else {
      try strings.appendName(member, to: &output)
      try output.reserve(64)
      output.appendUnchecked(":\"")
      appendUnchecked(score)
      output.appendUnchecked(UInt8(ascii: "\""))
    }
  }

  @inline(__always)
  private mutating func appendUnchecked(_ score: Double) {
    output.advance(by: DoubleText.write(score, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    if key.tally != nil { key.tally?.add(field, value: value) }
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

  public mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    try separate()
    try output.reserve(64)
    output.appendUnchecked(isNative ? "[" : "{\"idx\":\"")
    output.appendUnchecked(index)
    output.appendUnchecked(isNative ? "," : "\",\"val\":")
    try strings.appendValue(value, to: &output)
    try output.append(isNative ? UInt8(ascii: "]") : UInt8(ascii: "}"))
  }
}
