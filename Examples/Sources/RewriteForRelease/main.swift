import RDB
import RDBEdit

// Writes a snapshot that Redis 6.2 loads, on two threads, and lists what 6.2 cannot hold.
let options = SnapshotWritingOptions(target: ServerVersion(.redis, 6, 2))
let file = try FileDestination(path: CommandLine.arguments[2])
let snapshot = try SnapshotDestination(options, to: file)

var reader = RDBReader(try FileSource(path: CommandLine.arguments[1]))
let result = try reader.write(to: snapshot, threads: 2) { SnapshotWritingSink(options, to: $0) }
let written = try snapshot.finish(result.summary)
try file.close()
print(written.keyCount, "keys")
for loss in result.summary.ledger.losses { print("lost:", loss.count, loss.loss.rawValue, "-", loss.why) }
