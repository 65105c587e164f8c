import RDB
import RDBConvert

/// Writes the commands that rebuild a snapshot on Redis 7.2, for `redis-cli --pipe`. Two threads write the same bytes
/// as one.
func writeCommands(_ input: String, to output: String) throws -> Ledger {
  var options = RESPOptions(target: ServerVersion(.redis, 7, 2))
  options.existing = .replace
  var reader = RDBReader(try FileSource(path: input))
  let destination = try FileDestination(path: output)
  let result = try reader.write(to: destination, threads: 2) { RESPSink(options, to: $0) }
  try destination.close()
  return result.summary.ledger
}

let ledger = try writeCommands(CommandLine.arguments[1], to: CommandLine.arguments[2])
print(ledger.keysWritten, "keys,", ledger.hasLosses ? "some lost" : "nothing lost")
