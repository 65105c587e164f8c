import RDB
import RDBConvert

// Writes the commands that rebuild a snapshot on Redis 7.2, for `redis-cli --pipe`. Two threads write the same bytes
// as one.
var options = RESPOptions(target: ServerVersion(.redis, 7, 2))
options.existing = .replace

var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
let destination = try FileDestination(path: CommandLine.arguments[2])
let result = try reader.write(to: destination, threads: 2) { RESPSink(options, to: $0) }
try destination.close()

let ledger = result.summary.ledger
print(ledger.keysWritten, "keys,", ledger.hasLosses ? "some lost" : "nothing lost")
