import RDB
import RESP

// Prints the commands of an append-only file that have a key as an argument, with their offsets and databases.
let file = try FileSource(path: CommandLine.arguments[1])
let key = Array(CommandLine.arguments[2].utf8)
var reader = RESPCommandReader()
var chunk = [UInt8](repeating: 0, count: 64 << 10)
var database = "0"

while true {
  let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
  if count == 0 { break }
  reader.feed(chunk.span.bytes.extracting(first: count))
  while try reader.next() {
    let words = (0..<reader.argumentCount).map { [UInt8](reader.argument($0)) }
    let name = String(decoding: words[0], as: UTF8.self).uppercased()
    if name == "SELECT" { database = String(decoding: words[1], as: UTF8.self) }
    guard words.dropFirst().contains(key) || name.hasPrefix("FLUSH") else { continue }
    print(reader.offset, "db\(database)", words.map { $0.span.bytes.printable }.joined(separator: " "))
  }
}
try reader.finish()
