import RDB

/// Prints the digest of each value, which is the same for every server and stored form.
struct PrintDigests: ForwardingSink {
  var base = ValueDigester()
  var name = ""

  mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
    name = key.name.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    return base.beginKey(key)
  }

  mutating func endKey(_ end: KeyEnd) {
    base.endKey(end)
    print(base.digest, name)
  }
}

var sink = PrintDigests()
var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
try reader.read(into: &sink)
