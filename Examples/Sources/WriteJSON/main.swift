import RDB
import RDBConvert

// Writes one JSON object per key to standard output.
var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
let options = JSONOptions(layout: .lines, writer: try reader.origin().assumedWriter)
try reader.fold(JSONSink(options, to: FileDestination(descriptor: 1)))
