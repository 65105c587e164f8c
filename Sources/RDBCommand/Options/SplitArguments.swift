import ArgumentParser
import RDB
import RDBEdit
import RDBFormat
import RDBSupport

/// The property by which `rdb split` divides keys.
enum SplitKey: String, CaseIterable, ExpressibleByArgument {
  case db, prefix, type, size
}

/// The options that say how keys are divided among parts.
struct SplitArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Divide the hash slots evenly among n shards, 1–\(SlotOwners.slotCount), as redis-cli --cluster create does.",
      valueName: "n"))
  var shards: Int?

  @Option(
    help: ArgumentHelp(
      "Divide by the owners of hash slots in this file: a node's nodes.conf, or the reply of CLUSTER NODES.",
      valueName: "file"), completion: .file())
  var nodes: String?

  @Option(help: ArgumentHelp("Make a part per database, prefix or type, or parts of a size.", valueName: "what"))
  var by: SplitKey?

  @Option(help: ArgumentHelp("With --by size: end a part with the key that reaches this size.", valueName: "size"))
  var size: ByteSize?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("With --by prefix: end a part of a name after this text. Repeatable.", valueName: "text"))
  var sep: [String] = [":"]

  @Option(help: ArgumentHelp("With --by prefix: use the first n parts of a name, 1–16.", valueName: "n"))
  var depth = 1

  @Option(
    help: ArgumentHelp(
      "With --by prefix: make parts for the n prefixes with most keys, and one for the rest.", valueName: "n"))
  var parts = 100

  func validate() throws {
    switch [shards != nil, nodes != nil, by != nil].filter(\.self).count {
    case 1: break
    case 0: throw ValidationError("How to split? Give --shards, --nodes or --by.")
    default: throw ValidationError("--shards, --nodes and --by contradict each other: give one.")
    }
    if let shards, !(1...SlotOwners.slotCount).contains(shards) {
      throw ValidationError("--shards takes 1 to \(SlotOwners.slotCount), not \(shards).")
    }
    if by == .size, size == nil { throw ValidationError("--by size needs --size, such as --size 1gb.") }
    if by != .size, size != nil { throw ValidationError("--size needs --by size.") }
    if size?.byteCount == 0 { throw ValidationError("--size takes at least 1 byte, not 0.") }
    guard (1...16).contains(depth) else { throw ValidationError("--depth takes 1 to 16, not \(depth).") }
    guard (1..<SnapshotParts.limit).contains(parts) else {
      throw ValidationError("--parts takes 1 to \(SnapshotParts.limit - 1), not \(parts).")
    }
    guard sep.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--sep takes at least one character.") }
  }

  /// The owners of hash slots; `nil` if keys are not divided by slot.
  ///
  /// - Throws: ``Failure``.
  var owners: SlotOwners? {
    get throws {
      if let shards { return SlotOwners(shards: shards) }
      guard let nodes else { return nil }
      do {
        let source = try FileSource(path: nodes)
        var bytes: [UInt8] = []
        try copyAll(source) { piece in
          bytes += piece
          if bytes.count > NodesFile.byteLimit {
            throw Failure(.usage, "\(shown(nodes)): is too large for a file of cluster nodes")
          }
        }
        return try NodesFile.slotOwners(in: bytes)
      } catch let failure as Failure {
        throw failure
      } catch {
        throw RDBError.transfer("read", error, at: 0).failure(in: shown(nodes))
      }
    }
  }

  var prefix: NamePrefix { NamePrefix(separators: sep.map { Array($0.utf8) }, depth: depth) }
}
