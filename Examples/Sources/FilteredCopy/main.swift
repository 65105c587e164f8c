import RDB
import RDBEdit
import RDBFiltering

// Copies the hashes and lists of a snapshot into another one, in their stored form.
let (input, output) = (CommandLine.arguments[1], CommandLine.arguments[2])
var options = FilterOptions(now: .now)
options.types = [.hash, .list]

var reader = RDBReader(try FileSource(path: input))
let destination = try FileDestination(path: output)
var writing = SnapshotWritingOptions(copying: try reader.origin())
writing.isPartial = true
let snapshot = try SnapshotDestination(writing, to: destination)
let result = try reader.write(to: snapshot, threads: 2) {
  KeyFilter(options, base: SnapshotWritingSink(writing, to: $0))
}
let copy = try snapshot.finish(result.summary.base)
try destination.close()
print(copy.keyCount, "keys")
