import RDB
import RDBConvert
import RDBFormat
import RDBSupport

/// Writes one key as text: its attributes, then its value as redis-cli shows replies.
///
/// Long values are shown in full, because the user asked for this key.
struct KeyText: RDBSink, OutputSink, ~Copyable {
  /// The form of bytes.
  enum Style: Sendable {
    /// In quotation marks; UTF-8 unchanged, other bytes escaped as in redis-cli.
    case quoted
    /// As a hex dump with sixteen bytes per line.
    case hex
  }

  private var output: ByteOutput
  private let style: Style
  private let encodings: ObjectEncodings?
  private let now: UnixMilliseconds
  private let isPart: Bool
  /// Whether to add the decoded form of the value, such as the cardinality of a HyperLogLog.
  private let decodes: Bool
  /// The module of the key, and its stored bytes if the value is to be decoded.
  private var module: ModuleID?
  private var moduleBytes: [UInt8]?
  /// Whether the value was read as stored, in order to decode it.
  private var isDecoded = false
  private var ledger = Ledger()
  private var type = ValueType.string
  private var nameByteCount = 0
  private var expires = false
  /// The number of elements written so far.
  private var count: UInt64 = 0
  private var pendingInGroup: UInt64 = 0
  private var groups: UInt64 = 0

  /// - Parameters:
  ///   - writer: The server that wrote the snapshot, which decides the names of encodings.
  ///   - now: The time that expiries are compared with.
  ///   - isPart: Whether only chosen elements are written.
  ///   - decodes: Whether to add the decoded form of the value, such as the cardinality of a HyperLogLog.
  init(
    _ style: Style, writer: ServerVersion, now: UnixMilliseconds, isPart: Bool, decodes: Bool,
    to destination: any ByteDestination
  ) {
    self.isPart = isPart
    self.decodes = decodes
    output = ByteOutput(to: destination)
    self.style = style
    self.now = now
    encodings = ObjectEncodings(writer: writer)
  }

  // MARK: Keys

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    ledger.keysRead += 1
    (type, nameByteCount, expires) = (key.storedType, key.name.byteCount, key.expiry != nil)
    try row("key", quoted(key.name))
    try row("database", "\(key.database)")
    if let expiry = key.expiry { try row("expires", Self.text(expiry, now)) }
    if let idle = key.idleSeconds { try row("idle", "\(idle) s") }
    if let frequency = key.frequency { try row("frequency", "\(frequency)") }
    if let module = key.module { try row("module", "\(module.name), encoding version \(module.version)") }
    if type.data == .stream || type.data == .module { try typeRow(encodings?.value(type, nil)) }
    module = key.module
    moduleBytes = nil
    isDecoded = false
    if decodes, let module, DecodedModule.knows(module) {
      moduleBytes = []
      return .stored(atMost: UInt64(DecodedModule.byteLimit))
    }
    return .elements
  }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    try output.append("\n")
    if type.data != .string, !isDecoded {
      try row(isPart ? "shown" : "elements", isPart ? counted(count, "element") : "\(count)")
    }
    try row("stored", counted(end.storedByteCount, "byte"))
    ledger.keysWritten += 1
  }

  private mutating func row(_ name: String, _ value: String) throws(RDBError) {
    try output.append(text: name.padded(to: 12) + value + "\n")
  }

  private mutating func typeRow(_ encoding: ObjectEncoding?) throws(RDBError) {
    try row("type", type.data.rawValue + (encoding.map { " (\($0.name))" } ?? ""))
    try output.append("\n")
  }

  /// An expiry as `2100-01-01T00:00:00.000Z (4102444800000)`, followed by `, expired` if it has passed.
  static func text(_ expiry: UnixMilliseconds, _ now: UnixMilliseconds) -> String {
    let text = DateText.iso(expiry.value).map { $0 + " " } ?? ""
    return "\(text)(\(expiry.value))\(expiry < now ? ", expired" : "")"
  }

  // MARK: Bytes

  private func quoted(_ bytes: RawSpan) -> String {
    "\"" + DisplayText([UInt8](bytes)).text + "\""
  }

  /// Appends bytes in this style.
  private mutating func bytes(_ bytes: RawSpan) throws(RDBError) {
    if style == .hex { return try hex(bytes) }
    if bytes.byteCount <= 64 << 10 { return try output.append(text: quoted(bytes)) }
    // A long value is written in pieces, so that memory holds it only once.
    try output.append("\"")
    var rest = bytes
    while rest.byteCount > 0 {
      let piece = rest.extracting(first: min(rest.byteCount, 16 << 10))
      try output.append(
        text: String(printable([UInt8](piece), limit: .max).dropFirst().dropLast()))
      rest = rest.extracting(droppingFirst: piece.byteCount)
    }
    try output.append("\"")
  }

  /// Writes a hex dump on lines of its own: `00000010  68 65 6c 6c 6f …  |hello…|`.
  private mutating func hex(_ bytes: RawSpan) throws(RDBError) {
    for start in stride(from: 0, to: bytes.byteCount, by: 16) {
      if start > 0 || type.data != .string { try output.append("\n") }
      let line = bytes.extracting(start..<min(start + 16, bytes.byteCount))
      var text = Self.hex(UInt64(start), digits: 8) + " "
      var shown = ""
      for index in 0..<16 {
        text += index == 8 ? "  " : " "
        guard index < line.byteCount else {
          text += "  "
          continue
        }
        let byte = line.byte(at: index)
        text += Self.hex(UInt64(byte), digits: 2)
        shown.unicodeScalars.append(0x20...0x7E ~= byte ? Unicode.Scalar(byte) : ".")
      }
      try output.append(text: text + "  |" + shown + "|")
    }
  }

  private static func hex(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(digits - text.count, 0)) + text
  }

  /// Counts an element and writes its number: `12) `.
  private mutating func number(_ mark: String = ")") throws(RDBError) {
    count += 1
    try output.append(text: style == .hex ? "\(count)\(mark)" : "\(count)\(mark) ")
  }

  // MARK: Values

  mutating func string(_ value: RawSpan) throws(RDBError) {
    // The encoding depends on the whole value.
    try typeRow(isPart ? nil : encodings?.string(value, keyByteCount: nameByteCount, expires: expires))
    try bytes(value)
    try output.append("\n")
    if decodes, !isPart, let cardinality = HyperLogLog.cardinality(of: value) {
      try output.append("\n")
      try row("cardinality", "\(cardinality)")
    }
  }

  mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    try typeRow(encodings?.value(type, header))
  }

  mutating func listElement(_ element: RawSpan) throws(RDBError) {
    try number()
    try bytes(element)
    try output.append("\n")
  }

  mutating func setMember(_ member: RawSpan) throws(RDBError) {
    try number("~")
    try bytes(member)
    try output.append("\n")
  }

  mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    try number()
    try bytes(member)
    try output.append(style == .hex ? "\nscore " : " ")
    try append(score)
    if decodes, let position = GeoPosition(score: score) {
      try output.append(style == .hex ? "\nlongitude " : " longitude ")
      try append(position.longitude)
      try output.append(style == .hex ? "\nlatitude " : " latitude ")
      try append(position.latitude)
    }
    try output.append("\n")
  }

  private mutating func append(_ score: Double) throws(RDBError) {
    try output.reserve(64)
    output.advance(by: DoubleText.write(score, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws(RDBError) {
    try number("#")
    try pair(field, value)
    if let expiry { try output.append(text: "\(style == .hex ? "\n" : " ")expires \(Self.text(expiry, now))") }
    try output.append("\n")
  }

  private mutating func pair(_ field: RawSpan, _ value: RawSpan) throws(RDBError) {
    try bytes(field)
    try output.append(style == .hex ? "\n=>" : " => ")
    try bytes(value)
  }

  mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    count += 1
    try output.append(text: style == .hex ? "[\(index)]" : "[\(index)] ")
    try bytes(value)
    try output.append("\n")
  }

  mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    try number("/")
    try bytes(path)
    try output.append("\n")
  }

  mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    try output.append("  ")
    try pair(field, value)
    try output.append("\n")
  }

  mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {
    try number()
    switch item.kind {
    case .signed(let value): try output.append(text: "(signed) \(value)")
    case .unsigned(let value): try output.append(text: "(unsigned) \(value)")
    case .float(let value): try append(Double(value))
    case .double(let value): try append(value)
    case .string: try bytes(item.bytes)
    }
    try output.append("\n")
  }

  // MARK: Decoded values of modules

  mutating func beginStored(byteCount: UInt64) throws(RDBError) {}

  mutating func stored(_ chunk: RawSpan) throws(RDBError) {
    chunk.withUnsafeBytes { moduleBytes?.append(contentsOf: $0) }
  }

  mutating func endStored() throws(RDBError) {
    guard let module, let bytes = moduleBytes.take() else { return }
    isDecoded = true
    if let decoded = DecodedModule(module, stored: bytes) {
      try output.append(text: String(decoding: decoded.json, as: UTF8.self))
    } else {
      try output.append(text: "not decoded: the value does not have the layout of its version")
    }
    try output.append("\n")
  }

  // MARK: Streams

  mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    try number()
    try output.append(text: "\(Self.text(id))\n")
  }

  mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    try output.append("   ")
    try pair(field, value)
    try output.append("\n")
  }

  private static func text(_ id: StreamID) -> String { "\(id.milliseconds)-\(id.sequence)" }

  mutating func streamInfo(_ info: StreamInfo) throws(RDBError) {
    try output.append("\n")
    try row("entries", "\(info.length)")
    try row("last ID", Self.text(info.lastID))
    if let added = info.entriesAdded { try row("added", "\(added)") }
    if let id = info.maxDeletedID { try row("max deleted", Self.text(id)) }
  }

  mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    try row(
      "group",
      "\(quoted(group.name)), last delivered \(Self.text(group.lastDelivered)), "
        + "\(group.pendingCount) pending")
  }

  mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    try row("  consumer", "\(quoted(consumer.name)), \(consumer.pendingCount) pending")
  }

  mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    let owner = pending.consumerIndex == nil ? "released" : quoted(pending.consumer)
    try row("  pending", "\(Self.text(pending.id)) \(owner), delivered \(pending.deliveryCount) times")
  }

  mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) throws(RDBError) {
    try row("idempotency", "\(durationSeconds) s, at most \(maxEntries) IDs per producer")
  }

  mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws(RDBError) {
    try row("  ID", "\(quoted(id)) of \(quoted(producer)): \(Self.text(entry))")
  }

  mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws(RDBError) {
    try row("  IDs", "\(idsAdded) added, \(idsDuplicate) refused as duplicates")
  }

  // MARK: Events without output

  mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws(RDBError) {}
  mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {}
  mutating func aux(_ field: borrowing AuxField) throws(RDBError) {}
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {}
  mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool { false }
  mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) {}
  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {}
  mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) {}

  mutating func endBatch() throws(RDBError) { try output.flush() }
  consuming func finish() throws(RDBError) -> Ledger {
    try output.flush()
    return ledger
  }
}
