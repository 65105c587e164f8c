import RDB
import RDBAnalysis

// The ten keys that need most memory on the server that wrote the snapshot.
var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
let model = ServerModel(try reader.origin().assumedWriter)
var options = KeyReports.Options(reference: UnixMilliseconds(0))
options.measures = [.memory]
let result = try reader.fold(threads: 2) { try MemorySink(model, to: KeyReportsReceiver(options)) }
for entry in result.summary.top?.keys(by: .memory) ?? [] {
  print(entry.memoryByteCount ?? 0, "bytes", entry.type, entry.key)
}
