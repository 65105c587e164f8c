import RDB
import RDBFormat
import RDBSupport

/// Writes keys and elements in the forms of redis-rdb-tools. One sink reads the whole snapshot.
struct RdbtoolsSink: SelectiveSink, OutputSink, ~Copyable {
  static var events: SinkEvents {
    [.string, .listElement, .setMember, .zsetMember, .hashField, .streamInfo, .functionLibrary, .endKey]
  }

  /// The words of `-c` that this sink writes.
  enum Form: String { case json, justkeys, justkeyvals, diff, `protocol` }

  private var output: ByteOutput
  private let form: Form
  private let text: RdbtoolsText
  /// Seconds that `protocol` adds to expiries; `nil`: it leaves them out.
  private let amendment: Int64?
  private var ledger = Ledger()
  private var key: [UInt8] = []
  private var type = DataType.string
  private var storedType = ValueType.string
  private var expiry: UnixMilliseconds?
  private var database: UInt64?
  private var isFirstKey = true
  private var index = 0

  init(_ form: Form, _ text: RdbtoolsText, amendment: Int64?, to destination: any ByteDestination) {
    (self.form, self.text, self.amendment) = (form, text, amendment)
    output = ByteOutput(to: destination)
  }

  mutating func endBatch() throws { try output.flush() }

  consuming func finish() throws -> Ledger {
    if form == .json { try output.append(database == nil ? "[]" : "}]") }
    try output.flush()
    return ledger
  }

  // MARK: Keys

  mutating func beginKey(_ header: borrowing KeyHeader) throws -> Interest {
    ledger.keysRead += 1
    (type, expiry, index) = (header.type, header.expiry, 0)
    storedType = header.storedType
    key = [UInt8](header.name)
    if database != header.database { try beginDatabase(header.database) }
    switch type {
    case .array, .pathHash:
      ledger.lose(.key, "redis-rdb-tools knows no arrays and path hashes", key: key, offset: header.offset)
      return .skip
    case .stream, .module:
      switch form {
      case .protocol, .json, .justkeyvals:
        ledger.lose(
          .element, "redis-rdb-tools writes no values of streams and modules", key: key, offset: header.offset)
      case .justkeys, .diff: break
      }
    case .string, .list, .set, .zset, .hash: break
    }
    ledger.keysWritten += 1
    try beginValue()
    return type == .module ? .skip : .elements
  }

  private mutating func beginDatabase(_ number: UInt64) throws {
    switch form {
    case .json:
      try output.append(database == nil ? "[{" : "},{")
      isFirstKey = true
    case .protocol: try command(["SELECT", "\(number)"])
    case .justkeys, .justkeyvals, .diff: break
    }
    database = number
  }

  private mutating func beginValue() throws {
    switch form {
    case .json, .justkeyvals:
      if !isFirstKey { try output.append(",") }
      try output.append("\r\n")
      isFirstKey = false
      if form == .justkeyvals {
        try writeKey()
        return try output.append(" ")
      }
      let name = key
      try text.appendJSON(name.span.bytes, isName: true, to: &output)
      switch type {
      case .string: try output.append(":")
      case .list, .set: try output.append(":[")
      case .hash, .zset, .stream, .module, .array, .pathHash: try output.append(":{")
      }
    case .justkeys: try writeKeyLine()
    case .diff: if type == .module { try writeDifference(" -> module-name=module", nil) }
    case .protocol: break
    }
  }

  mutating func endKey(_ end: KeyEnd) throws {
    switch form {
    case .json:
      switch type {
      case .list, .set: try output.append("]")
      case .hash, .zset, .stream, .module: try output.append("}")
      case .string, .array, .pathHash: break
      }
    case .protocol:
      guard let amendment, let expiry else { return }
      switch type {
      case .string, .list, .set, .zset, .hash:
        let milliseconds = expiry.value
        let seconds = milliseconds >= 0 ? milliseconds / 1000 : -((999 - milliseconds) / 1000)
        try beginCommand("EXPIREAT", count: 3)
        try argument(Array("\(seconds &+ amendment)".utf8).span.bytes)
      case .stream, .module, .array, .pathHash: break
      }
    case .justkeys, .justkeyvals, .diff: break
    }
  }

  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    ledger.lose(.functionLibrary, "redis-rdb-tools knows no functions", count: 1)
  }

  // MARK: Elements

  mutating func string(_ value: RawSpan) throws {
    switch form {
    case .json: try text.appendJSON(value, isName: false, to: &output)
    case .justkeys: break
    case .justkeyvals: try write(value, isName: false)
    case .diff: try writeDifference(" -> ", value)
    case .protocol: try command("SET", value, nil)
    }
  }

  mutating func listElement(_ element: RawSpan) throws {
    switch form {
    case .json, .justkeyvals: try writeElement(element)
    case .justkeys: try writeKeyLine()
    case .diff: try writeDifference("[\(index)] -> ", element)
    case .protocol: try command("RPUSH", element, nil)
    }
    index += 1
  }

  mutating func setMember(_ member: RawSpan) throws {
    switch form {
    case .json, .justkeyvals: try writeElement(member)
    case .justkeys: try writeKeyLine()
    case .diff: try writeDifference(" { ", member, " }")
    case .protocol: try command("SADD", member, nil)
    }
    index += 1
  }

  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    if expiry != nil { ledger.lose(.expiry, "redis-rdb-tools knows no expiries of fields", count: 1) }
    // It reads the values of a zipmap as integers, where Python does.
    if storedType == .hashZipmap, let integer = RdbtoolsText.pythonInteger(value) {
      try write(field, integer.span.bytes)
    } else {
      try write(field, value)
    }
    index += 1
  }

  private mutating func write(_ field: RawSpan, _ value: RawSpan) throws(RDBError) {
    switch form {
    case .json, .justkeyvals: try writePair(field, value)
    case .justkeys: try writeKeyLine()
    case .diff:
      try beginDifference()
      try output.append(" . ")
      try write(field, isName: true)
      try output.append(" -> ")
      try write(value, isName: false)
      try output.append("\r\n")
    case .protocol: try command("HSET", field, value)
    }
  }

  mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    let scoreText = RdbtoolsText.score(score, storedAs: storedType)
    switch form {
    case .json, .justkeyvals: try writePair(member, scoreText.span.bytes)
    case .justkeys: try writeKeyLine()
    case .diff:
      try beginDifference()
      try output.append(" -> {")
      try write(member, isName: true)
      try output.append(", score=")
      try write(scoreText.span.bytes, isName: false)
      try output.append("}\r\n")
    case .protocol: try command("ZADD", scoreText.span.bytes, member)
    }
    index += 1
  }

  mutating func streamInfo(_ info: StreamInfo) throws {
    if form == .diff { try writeDifference(" -> stream-items=\(info.length)", nil) }
  }

  // MARK: Writing

  private mutating func write(_ bytes: RawSpan, isName: Bool) throws(RDBError) {
    if text.escape == .raw { return try output.append(bytes) }
    try output.append(text.bytes(bytes, isName: isName).span.bytes)
  }

  private mutating func writeKey() throws(RDBError) {
    // A copy shares the bytes: writing must not overlap with an access to the name.
    let name = key
    try write(name.span.bytes, isName: true)
  }

  private mutating func writeKeyLine() throws(RDBError) {
    try writeKey()
    try output.append("\n")
  }

  private mutating func writeElement(_ element: RawSpan) throws(RDBError) {
    if index > 0 { try output.append(",") }
    if form == .json {
      try text.appendJSON(element, isName: false, to: &output)
    } else {
      try write(element, isName: false)
    }
  }

  private mutating func writePair(_ name: RawSpan, _ value: RawSpan) throws(RDBError) {
    if index > 0 { try output.append(",") }
    if form == .json {
      try text.appendJSON(name, isName: true, to: &output)
      try output.append(":")
      try text.appendJSON(value, isName: false, to: &output)
    } else {
      try write(name, isName: true)
      try output.append(" ")
      try write(value, isName: false)
    }
  }

  private mutating func beginDifference() throws(RDBError) {
    try output.append(text: "db=\(database ?? 0) ")
    try writeKey()
  }

  private mutating func writeDifference(_ before: String, _ value: RawSpan?, _ after: String = "") throws(RDBError) {
    try beginDifference()
    try output.append(text: before)
    if let value { try write(value, isName: false) }
    try output.append(text: after + "\r\n")
  }

  // MARK: Commands

  private mutating func command(_ words: [String]) throws(RDBError) {
    try output.append(text: "*\(words.count)\r\n")
    for word in words { try argument(Array(word.utf8).span.bytes) }
  }

  /// Writes a command about the current key.
  private mutating func command(_ name: String, _ first: RawSpan, _ second: RawSpan?) throws(RDBError) {
    try beginCommand(name, count: second == nil ? 3 : 4)
    try argument(first)
    if let second { try argument(second) }
  }

  /// Writes the beginning of a command about the current key: its name and that of the key.
  private mutating func beginCommand(_ name: String, count: Int) throws(RDBError) {
    let key = key
    try output.append(text: "*\(count)\r\n")
    try argument(Array(name.utf8).span.bytes)
    try argument(key.span.bytes)
  }

  private mutating func argument(_ bytes: RawSpan) throws(RDBError) {
    if text.escape == .raw {
      try output.append(text: "$\(bytes.byteCount)\r\n")
      try output.append(bytes)
    } else {
      let escaped = text.bytes(bytes, isName: false)
      try output.append(text: "$\(escaped.count)\r\n")
      try output.append(escaped.span.bytes)
    }
    try output.append("\r\n")
  }
}
