import RDB

// Reads a file whole, and shows where it is damaged.
do {
  var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
  var sink = NoSink(interest: .validate)
  try reader.read(into: &sink)
  print("whole")
} catch let error as RDBError {
  print("\(error.code) at offset \(error.offset)")
  if let key = error.key { print("in key", String(decoding: key, as: UTF8.self)) }
  print("expected", error.expected, "but found", error.found)
}
