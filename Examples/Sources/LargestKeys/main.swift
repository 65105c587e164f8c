import RDB
import RDBAnalysis

/// Returns the ten keys that need most memory on the server that wrote the snapshot.
func largestKeys(_ path: String) throws -> [KeyEntry] {
  var reader = RDBReader(try FileSource(path: path))
  let model = ServerModel(try reader.origin().assumedWriter)
  var options = KeyReports.Options(reference: .now)
  options.measures = [.memory]
  let result = try reader.fold(threads: 2) { try KeyReports.sink(options, for: model) }
  return result.summary.top?.keys(by: .memory) ?? []
}

for key in try largestKeys(CommandLine.arguments[1]) {
  print(key.memoryByteCount ?? 0, "bytes:", key.type, key.key)
}
