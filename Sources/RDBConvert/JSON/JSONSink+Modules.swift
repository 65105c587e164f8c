public import RDB
import RDBSupport

/// Values of modules.
///
/// A value of RedisJSON of version 3 is written as the JSON document that it holds. Other values are written as the payload of DUMP
/// in Base64, without its last ten bytes (version and checksum).
extension JSONSink {
  /// `ReJSON-RL`, encoding version 3: one string, which is JSON.
  private static var redisJSON: ModuleID { ModuleID(rawValue: 0x45E2_5238_DF91_2C03) }

  mutating func beginModule(_ module: ModuleID) throws(RDBError) -> Interest {
    if isNative {
      try appendAttributes(encodings?.value(key.type, nil))
      output.appendUnchecked(UInt8(ascii: ","))
    } else {
      try output.append(UInt8(ascii: "{"))
    }
    try output.append("\"module\":\"")
    try output.append(text: module.name)
    try output.append("\",\"module_version\":", UInt64(module.version))
    key.module = .none
    key.moduleID = module
    moduleBytes = options.decodes && isNative && DecodedModule.knows(module) ? [] : nil
    return module == Self.redisJSON ? .elements : .stored
  }

  public mutating func beginStored(byteCount: UInt64) throws(RDBError) { try beginPayload() }

  public mutating func stored(_ chunk: RawSpan) throws(RDBError) {
    try stored.append(chunk, to: &output)
    guard let held = moduleBytes, !key.isModuleAux else { return }
    if held.count + chunk.byteCount > DecodedModule.byteLimit {
      moduleBytes = nil
    } else {
      moduleBytes?.append(chunk)
    }
  }

  public mutating func endStored() throws(RDBError) {
    try stored.finish(to: &output)
    try output.append(key.isModuleAux ? "\"}" : "\"")
    if !key.isModuleAux, let bytes = moduleBytes.take(), let decoded = DecodedModule(key.moduleID, stored: bytes) {
      try output.append(",\"")
      try output.append(decoded.name)
      try output.append("\":")
      try output.append(decoded.json.span.bytes)
    }
    if key.isModuleAux && options.layout == .lines { try output.append("\n") }
    key.isModuleAux = false
  }

  /// Writes `,"value":"`, and the Base64 of type and module ID.
  private mutating func beginPayload() throws(RDBError) {
    if key.isModuleAux { return }
    try output.append(",\"value\":\"")
    let start = [ValueType.module2.code] + key.moduleID.stored
    try stored.append(start.span.bytes, to: &output)
  }

  // MARK: RedisJSON

  public mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {
    switch key.module {
    case .none:
      if case .string = item.kind, try appendDocument(item.bytes) {
        key.module = .document
        return
      }
      try beginPayload()
      key.module = .payload
    case .document:
      // RedisJSON writes one item. Further items go into a member of their own, so that nothing is lost.
      try output.append(",\"json_rest\":\"")
      key.module = .rest
    case .payload, .rest: break
    }
    try appendItem(item)
  }

  /// Appends `bytes`, if they are a JSON text.
  ///
  /// - Returns: Whether they are a JSON text.
  private mutating func appendDocument(_ bytes: RawSpan) throws(RDBError) -> Bool {
    switch JSONCheck.check(bytes) {
    case .malformed: return false
    case .oneLine:
      try output.append(",\"json\":")
      try output.append(bytes)
    case .severalLines:
      try output.append(",\"json\":")
      for position in 0..<bytes.byteCount {
        // A line break in a valid JSON text is white space, because strings cannot contain it.
        let byte = bytes.byte(at: position)
        try output.append(byte == 0x0A || byte == 0x0D ? 0x20 : byte)
      }
    }
    return true
  }

  /// Appends the stored form of an item, its opcode and its value, to the payload.
  private mutating func appendItem(_ item: borrowing ModuleItem) throws(RDBError) {
    switch item.kind {
    case .signed(let value): try appendPiece(1, length: UInt64(bitPattern: value))
    case .unsigned(let value): try appendPiece(2, length: value)
    case .float(let value):
      let bits: InlineArray<1, UInt32> = [value.bitPattern.littleEndian]
      try stored.append([3 as UInt8].span.bytes, to: &output)
      try stored.append(bits.span.bytes, to: &output)
    case .double(let value):
      let bits: InlineArray<1, UInt64> = [value.bitPattern.littleEndian]
      try stored.append([4 as UInt8].span.bytes, to: &output)
      try stored.append(bits.span.bytes, to: &output)
    case .string:
      try appendPiece(5, length: UInt64(item.bytes.byteCount))
      try stored.append(item.bytes, to: &output)
    }
  }

  /// Appends an opcode and a length in its 64-bit form to the payload.
  private mutating func appendPiece(_ code: UInt8, length: UInt64) throws(RDBError) {
    var piece: [10 of UInt8] = [code, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]
    for index in 0..<8 { piece[2 + index] = UInt8(truncatingIfNeeded: length >> UInt64(56 - 8 * index)) }
    try stored.append(piece.span.bytes, to: &output)
  }

  /// Ends the value of a module after its last item.
  mutating func endModule() throws(RDBError) {
    if key.moduleID == Self.redisJSON {
      if key.module == .none {
        try beginPayload()
        key.module = .payload
      }
      if key.module != .document {
        try stored.append([0 as UInt8].span.bytes, to: &output)
        try stored.finish(to: &output)
        try output.append(UInt8(ascii: "\""))
      }
    }
    if !isNative { try output.append(UInt8(ascii: "}")) }
  }
}
