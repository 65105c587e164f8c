import RDB
import RDBFormat

/// XGROUP and XACK.
extension Execution {
  func xgroup(_ command: ReplayCommand) throws {
    let subcommand = command.lowercased(1)
    let allowed: ClosedRange<Int>
    switch subcommand {
    case "help": return
    case "create": allowed = 5...8
    case "setid": allowed = 5...7
    case "destroy": allowed = 4...4
    case "createconsumer", "delconsumer": allowed = 5...5
    default: throw NotReplayed("an unknown subcommand, at which servers stop loading")
    }
    guard allowed.contains(command.count) else { throw CommandError.wrongArgumentCount }
    switch subcommand {
    case "create": try createGroup(command)
    case "setid": try setGroupID(command)
    case "destroy":
      guard let stream = try stream(command[2]) else { throw CommandError.noSuchKey }
      if let group = stream.groups[command[3]] { stream.removeGroup(group) }
    default:
      guard let stream = try stream(command[2]), let group = stream.groups[command[3]] else {
        throw CommandError.noGroup
      }
      let isNew = subcommand == "createconsumer" && group.consumers[command[4]] == nil
      stream.change(group) {
        if isNew { _ = group.consumer(command[4], at: now) }
        if subcommand == "delconsumer" { group.removeConsumer(command[4]) }
      }
    }
  }

  /// `XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD n]`.
  private func createGroup(_ command: ReplayCommand) throws {
    let options = try groupOptions(command, allowsCreation: true)
    let former = try stream(command[2])
    guard former != nil || options.createsStream else { throw CommandError.noSuchKey }
    let stream = former ?? ReplayedStream()
    let id = try command[4] == [0x24] ? stream.lastID : command.streamID(4)
    guard stream.groups[command[3]] == nil else { throw CommandError("the consumer group exists already") }
    if former == nil { set(command[2], .stream(stream)) }
    let target = try self.stream(command[2]) ?? stream
    target.addGroup(
      ReplayedStreamGroup(command[3], lastDelivered: id, entriesRead: lowered(options.entriesRead, target)))
  }

  /// `XGROUP SETID key group id|$ [ENTRIESREAD n]`.
  private func setGroupID(_ command: ReplayCommand) throws {
    let options = try groupOptions(command, allowsCreation: false)
    guard let stream = try stream(command[2]) else { throw CommandError.noSuchKey }
    guard let group = stream.groups[command[3]] else { throw CommandError.noGroup }
    group.lastDelivered = try command[4] == [0x24] ? stream.lastID : command.rangeID(4)
    group.entriesRead = lowered(options.entriesRead, stream)
  }

  /// The number of entries read, which Redis 8 does not let be larger than the number of entries added.
  private func lowered(_ entriesRead: UInt64?, _ stream: ReplayedStream) -> UInt64? {
    guard let entriesRead, limits.server.isAtLeast(8, 0, valkey: nil) else { return entriesRead }
    return min(entriesRead, stream.entriesAdded)
  }

  private func groupOptions(
    _ command: ReplayCommand, allowsCreation: Bool
  ) throws(CommandError) -> (createsStream: Bool, entriesRead: UInt64?) {
    var createsStream = false
    var entriesRead: UInt64?
    var index = 5
    while index < command.count {
      if allowsCreation, command.isWord(index, "mkstream") {
        createsStream = true
        index += 1
      } else if command.isWord(index, "entriesread"), index + 1 < command.count {
        let number = try command.integer(index + 1)
        guard number >= -1 else { throw .outOfRange }
        entriesRead = number < 0 ? nil : UInt64(number)
        index += 2
      } else {
        throw .syntax
      }
    }
    return (createsStream, entriesRead)
  }

  func xack(_ command: ReplayCommand) throws {
    guard let stream = try stream(command[1]), let group = stream.groups[command[2]] else { return }
    let ids = try command.streamIDs(3..<command.count)
    stream.change(group) { for id in ids { group.acknowledge(id) } }
  }
}
