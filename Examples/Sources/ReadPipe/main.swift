import Foundation
import RDB

/// Prints the names of the first `limit` keys.
struct KeyLister: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  var limit: Int
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    guard limit > 0 else { throw RDBError.stop }
    limit -= 1
    print(key.name.printable)
    return .skip
  }
}

var reader = RDBReader(FileSource(descriptor: 0))
let progress = reader.progress
Thread.detachNewThread {
  while true {
    FileHandle.standardError.write(Data("\(progress.byteCount) bytes read\n".utf8))
    Thread.sleep(forTimeInterval: 1)
  }
}
var lister = KeyLister(limit: 5)
try reader.read(into: &lister)
