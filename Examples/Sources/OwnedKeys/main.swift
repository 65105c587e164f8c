import RDB

// A loop over owned keys and values. No value may hold more than 64 MiB.
for key in SnapshotKeys(try FileSource(path: CommandLine.arguments[1]), valueLimit: 64 << 20) {
  if case .hash(let fields) = try key.get().value { print(try key.get().database, fields.count) }
}
