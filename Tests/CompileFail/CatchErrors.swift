// Ordinary error handling compiles: there is no `// error:` line here.
import RDB

struct CountKeys: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  var count = 0
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    count += 1
    return .skip
  }
}

func count(_ bytes: [UInt8]) -> Int {
  var sink = CountKeys()
  do {
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
  } catch let error as RDBError {
    print(error.offset, error.key ?? [], error.found)
  } catch {
    print(error)
  }
  return sink.count
}

func isReadable(_ path: String) -> Bool {
  do {
    var sink = CountKeys()
    var reader = RDBReader(try FileSource(path: path))
    try reader.read(into: &sink)
    return true
  } catch let error as RDBError where error.code == .io {
    return false
  } catch {
    return false
  }
}
