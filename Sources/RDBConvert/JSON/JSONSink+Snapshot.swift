public import RDB
import RDBSupport

/// Records that are not keys.
///
/// With the option `meta` each record is an object with a type of its own. Otherwise the ledger notes it.
extension JSONSink {
  private var writesMeta: Bool { options.meta && isNative }

  public mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {
    if options.layout == .array || !isNative { try separators.advance(to: JSONSeparatorState.opened, in: &output) }
    guard writesMeta else { return }
    try beginItem()
    try output.append("{\"type\":\"header\",\"format\":1,\"strings\":\"")
    try output.append(text: options.strings.rawValue)
    try output.append("\",\"vendor\":\"")
    try output.append(text: header.vendor.rawValue)
    try output.append("\",\"rdb_version\":", UInt64(clamping: header.version))
    try endItem()
  }

  private mutating func endItem() throws(RDBError) {
    try output.append(options.layout == .array ? "}" : "}\n")
  }

  public mutating func aux(_ field: borrowing AuxField) throws(RDBError) {
    if let job = CronJob(field) { return try cronJob(job) }
    if field.isMemberExpiry, try memberExpiry(field) { return }
    guard writesMeta else { return leftOut.auxFields &+= 1 }
    try beginItem()
    try output.append("{\"type\":\"aux\",\"name\":")
    try strings.appendValue(field.name, to: &output)
    try output.append(",\"value\":")
    try strings.appendValue(field.value, to: &output)
    try endItem()
  }

  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {
    guard writesMeta else { return leftOut.functions &+= 1 }
    try beginItem()
    try output.append("{\"type\":\"function\"")
    if library.isPreGA {
      try appendMember(",\"name\":", library.name)
      try appendMember(",\"engine\":", library.engine)
      if library.description.byteCount > 0 {
        try appendMember(",\"description\":", library.description)
      }
    } else if let shebang = FunctionShebang(library.code) {
      try appendMember(",\"name\":", library.code.extracting(shebang.name))
      try appendMember(",\"engine\":", library.code.extracting(shebang.engine))
    }
    try appendMember(",\"code\":", library.code)
    try endItem()
  }

  private mutating func appendMember(_ name: StaticString, _ value: RawSpan) throws(RDBError) {
    try output.append(name)
    try strings.appendValue(value, to: &output)
  }

  public mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool {
    guard writesMeta else {
      leftOut.moduleAux &+= 1
      return false
    }
    try beginItem()
    try output.append("{\"type\":\"module_aux\",\"module\":\"")
    try output.append(text: aux.module.name)
    try output.append("\",\"module_version\":", UInt64(aux.module.version))
    try output.append(",\"when\":", aux.when)
    try output.append(",\"value\":\"")
    key.isModuleAux = true
    return true
  }

  public mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) {
    guard writesMeta else { return leftOut.slots &+= 1 }
    try beginItem()
    switch slots.kind {
    case .info(let slot, let keys, let expiring):
      try output.append("{\"type\":\"slot\",\"slot\":", slot)
      try output.append(",\"keys\":", keys)
      try output.append(",\"expiring\":", expiring)
    case .importing(let first, let last):
      try output.append("{\"type\":\"slot_import\",\"first\":", first)
      try output.append(",\"last\":", last)
      try appendMember(",\"job\":", slots.job)
    }
    try endItem()
  }

  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64)
    throws(RDBError)
  {
    guard writesMeta else { return leftOut.sizes &+= 1 }
    try beginItem()
    try output.append("{\"type\":\"database_size\",\"db\":", database)
    try output.append(",\"keys\":", keys)
    try output.append(",\"expiring\":", expiring)
    try endItem()
  }

  public mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) { try close() }

  /// Writes `{"type":"end","keys":N}`. N is the number of keys of all workers.
  mutating func endObject() throws(RDBError) {
    let keys = try separators.totalCount()
    try beginItem()
    try output.append("{\"type\":\"end\",\"keys\":", keys)
    try endItem()
  }
}

/// The first line of a function library: `#!lua name=mylib`.
///
/// Source: `functionExtractLibMetaData` in Redis `src/functions.c`.
struct FunctionShebang {
  /// The byte range of the engine in the code of the library.
  let engine: Range<Int>
  /// The byte range of the name.
  let name: Range<Int>

  /// Reads the first line of `code`. Returns `nil` if the line does not have this form.
  init?(_ code: RawSpan) {
    func byte(_ position: Int) -> UInt8 {
      code.byte(at: position)
    }
    var end = 0
    while end < code.byteCount, byte(end) != UInt8(ascii: "\n"), byte(end) != UInt8(ascii: "\r") { end += 1 }
    guard end > 2, byte(0) == UInt8(ascii: "#"), byte(1) == UInt8(ascii: "!") else { return nil }
    var words: [Range<Int>] = []
    var start = 2
    for position in 2...end where position == end || byte(position) == UInt8(ascii: " ") {
      if position > start { words.append(start..<position) }
      start = position + 1
    }
    let mark = Array("name=".utf8)
    let named = words.dropFirst().first { word in
      word.count > mark.count && mark.indices.allSatisfy { byte(word.lowerBound + $0) == mark[$0] }
    }
    guard let engine = words.first, let named else { return nil }
    self.engine = engine
    name = named.dropFirst(mark.count)
  }
}
