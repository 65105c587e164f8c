import RDB
import RDBAnalysis

// The ten keys that need most memory on the server that wrote the snapshot.
var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
let model = ServerModel(try reader.origin().assumedWriter)
var options = KeyReports.Options(reference: UnixMilliseconds(0))
options.measures = [.memory]
let result = try reader.fold(threads: 2) { try MemorySink(model, to: KeyReportsReceiver(options)) }
for ranked in result.summary.top?.keys(by: .memory) ?? [] {
  print(ranked.value, "bytes", ranked.entry.type, ranked.entry.key)
}
