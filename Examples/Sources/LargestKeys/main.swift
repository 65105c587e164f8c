import RDB
import RDBAnalysis

// Prints the ten keys that need most memory on the server that wrote the snapshot.
var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
let model = ServerModel(try reader.origin().assumedWriter)
var options = KeyReports.Options(reference: .now)
options.measures = [.memory]
let result = try reader.fold(threads: 2) { try KeyReports.sink(options, for: model) }

for key in result.summary.top?.keys(by: .memory) ?? [] {
  print(key.memoryByteCount ?? 0, "bytes:", key.type, key.key)
}
