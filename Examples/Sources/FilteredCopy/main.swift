import RDB
import RDBFiltering

// Copies the hashes and lists of a snapshot into another one, in their stored form.
let (input, output) = (CommandLine.arguments[1], CommandLine.arguments[2])
var options = FilterOptions(now: .now)
options.types = [.hash, .list]

var reader = RDBReader(try FileSource(path: input))
let destination = try FileDestination(path: output)
let result = try reader.fold(KeyFilter(options, base: SnapshotWritingSink(to: destination)))
try destination.close()
print(result.summary.base.keyCount, "keys")
