import RDB
import RDBConvert
import RDBFormat
import RDBSupport

// What README.md and the documentation show, line by line: `DocumentationTests` compares the lines, and
// runs the functions. `path` and `chunks` stand for what the reader of those pages has, and `print` takes
// what would be printed.

typealias Printer = (Any...) -> Void

// MARK: A sink

/// Counts keys and the bytes of strings.
struct Counter: SelectiveSink {
  var keys = 0, bytes = 0
  static var events: SinkEvents { [.string] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    keys += 1
    return key.type == .string ? .elements : .skip
  }
  mutating func string(_ value: RawSpan) throws(RDBError) { bytes += value.byteCount }
}

func countExample(_ path: String, _ print: Printer) throws {
  var reader = RDBReader(try FileSource(path: path))
  var counter = Counter()
  try reader.read(into: &counter)
  print(counter.keys, counter.bytes)
}

func descriptorExample(_ descriptor: Int32, _ print: Printer) throws {
  var reader = RDBReader(FileSource(descriptor: descriptor))
  var counter = Counter()
  try reader.read(into: &counter)
  print(counter.keys, counter.bytes)
}

// MARK: Stopping early

/// Finds the first list; what follows it is not read.
struct FirstList: SelectiveSink {
  var name: [UInt8]?
  static var events: SinkEvents { [.beginKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    guard key.type == .list else { return .skip }
    name = key.name.withUnsafeBytes { Array($0) }
    throw .stop
  }
}

func stopExample(_ path: String, _ print: Printer) throws {
  var reader = RDBReader(try FileSource(path: path))
  var first = FirstList()
  try reader.read(into: &first)
  if let name = first.name { print(printable(name)) }
}

// MARK: Chunks

func pushExample(_ chunks: [[UInt8]], _ print: Printer) throws {
  var reader = RDBPushReader()
  var counter = Counter()
  for chunk in chunks { try reader.feed(chunk.span.bytes, into: &counter) }
  let end = try reader.finish(into: &counter)
  print(counter.keys, counter.bytes, end?.checksum as Any)
}

// MARK: Owned keys

func keysExample(_ path: String, _ print: Printer) throws {
  var keys = SnapshotKeys(try FileSource(path: path), valueLimit: 64 << 20)
  while let key = try keys.next() {
    if case .hash(let fields) = key.value { print(key.database, printable(key.name), fields.count) }
  }
}

// MARK: The sinks of RDBConvert

func commandsExample(_ path: String, _ output: Int32, _ print: Printer) throws {
  var reader = RDBReader(try FileSource(path: path))
  var options = RESPOptions(target: ServerVersion(.redis, 7, 2))
  options.existing = .replace
  let commands = RESPSink(options, to: FileDestination(descriptor: output))
  let ledger = try reader.fold(commands).summary.ledger
  print(ledger.keysWritten, ledger.hasLosses)
}

func jsonExample(_ path: String, _ output: Int32, _ print: Printer) throws {
  var reader = RDBReader(try FileSource(path: path))
  let origin = try reader.origin()
  let options = JSONOptions(layout: .lines, writer: origin.assumedWriter)
  let destination = FileDestination(descriptor: output)
  let result = try reader.write(to: destination, threads: 2) { JSONSink(options, to: $0) }
  print(result.summary.keysWritten)
}
