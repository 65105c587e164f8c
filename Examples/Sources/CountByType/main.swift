import RDB

/// Counts keys per data type.
struct KeyCounter: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  var counts: [DataType: Int] = [:]

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    counts[key.type, default: 0] += 1
    return .skip
  }
}

var counter = KeyCounter()
var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
try reader.read(into: &counter)
for (type, count) in counter.counts.sorted(by: { $0.value > $1.value }) { print(type, count) }
