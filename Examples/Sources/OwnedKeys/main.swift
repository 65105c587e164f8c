import RDB

// A loop over owned keys and values. No value may hold more than 64 MiB: a larger one comes as `.tooLarge`.
var keys = SnapshotKeys(try FileSource(path: CommandLine.arguments[1]), valueLimit: 64 << 20)
while let key = try keys.next() {
  if case .hash(let fields) = key.value { print(key.database, fields.count) }
}
