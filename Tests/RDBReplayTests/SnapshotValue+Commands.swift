import RDB
import RDBFormat

extension SnapshotValue {
  /// A value without what commands do not carry: the order of sets and hashes, and the times at which consumers were seen.
  var carriedByCommands: SnapshotValue {
    switch self {
    case .set(let members): return .set(members.sorted { $0.lexicographicallyPrecedes($1) })
    case .zset(let members):
      return .zset(
        members.map { ($0.member, $0.score == 0 ? 0 : $0.score) }
          .sorted { $0.member.lexicographicallyPrecedes($1.member) })
    case .hash(let fields): return .hash(fields.sorted { $0.field.lexicographicallyPrecedes($1.field) })
    case .stream(var stream):
      for index in stream.groups.indices {
        // RESTORE carries the times of deliveries, commands do not carry them to the millisecond.
        stream.groups[index].consumers = stream.groups[index].consumers.map { ($0.name, UnixMilliseconds(0), nil) }
          .sorted { $0.name.lexicographicallyPrecedes($1.name) }
        stream.groups[index].entriesRead = .unknown
      }
      stream.groups.sort { $0.name.lexicographicallyPrecedes($1.name) }
      stream.idempotency = nil
      stream.info.firstID = nil
      stream.info.maxDeletedID = nil
      stream.info.entriesAdded = nil
      return .stream(stream)
    default: return self
    }
  }
}
