import RDB
import RESP

/// Prints the commands of an append-only file that have a key as an argument, with their offsets and databases.
let file = try FileSource(path: CommandLine.arguments[1])
let key = Array(CommandLine.arguments[2].utf8)
var reader = RESPCommandReader()
var chunk = [UInt8](repeating: 0, count: 64 << 10)
var database = "0"

func text(_ bytes: RawSpan) -> String {
  bytes.withUnsafeBytes { bytes in
    bytes.map { 32...126 ~= $0 ? String(Unicode.Scalar($0)) : "." }.joined()
  }
}

while true {
  let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
  if count == 0 { break }
  reader.feed(chunk.span.bytes.extracting(first: count))
  while try reader.next() {
    var words: [String] = []
    var hasKey = false
    for index in 0..<reader.argumentCount {
      let argument = reader.argument(index)
      words.append(text(argument))
      if index > 0, argument.withUnsafeBytes({ $0.elementsEqual(key) }) { hasKey = true }
    }
    if words[0].uppercased() == "SELECT" { database = words[1] }
    if hasKey || words[0].uppercased().hasPrefix("FLUSH") {
      print(reader.offset, "db\(database)", words.joined(separator: " "))
    }
  }
}
try reader.finish()
