import RDB

/// Finds keys of more than `limit` elements, and ends at the first.
struct SizeGuard: SelectiveSink {
  struct TooManyElements: Error { var key: String, count: UInt64 }
  static var events: SinkEvents { [.beginKey, .beginElements] }
  let limit: UInt64
  var key: [UInt8] = []
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    self.key = [UInt8](key.name)
    return .elements
  }
  mutating func beginElements(_ header: ElementsHeader) throws(TooManyElements) {
    guard let count = header.count, count > limit else { return }
    throw TooManyElements(key: String(decoding: key, as: UTF8.self), count: count)
  }
}

do {
  var sink = SizeGuard(limit: 100)
  var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
  try reader.read(into: &sink)
} catch let error as RDBError where error.code == .sink {
  print(error.underlying!)
}
