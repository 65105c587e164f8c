import RDB
import RDBConvert

// Writes the commands that rebuild a snapshot on Redis 7.2, for `redis-cli --pipe`. Two threads, the same bytes as one.
let (input, output) = (CommandLine.arguments[1], CommandLine.arguments[2])
var reader = RDBReader(try FileSource(path: input))
var options = RESPOptions(target: ServerVersion(.redis, 7, 2), source: try reader.origin().header)
options.existing = .replace

let destination = try FileDestination(path: output)
let result = try reader.write(to: destination, threads: 2) { RESPSink(options, to: $0) }
try destination.close()
print(result.summary.ledger.keysWritten, "keys,", result.summary.ledger.hasLosses ? "some lost" : "nothing lost")
