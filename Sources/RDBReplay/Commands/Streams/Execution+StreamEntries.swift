import RDB
import RDBFormat

/// The commands on the entries of streams.
extension Execution {
  func xadd(_ command: ReplayCommand) throws {
    let options = try trimOptions(command, isAdd: true)
    let first = options.end + 1
    guard first < command.count else { throw CommandError.wrongArgumentCount }
    let isPartial = command[options.end].suffix(2) == [0x2D, 0x2A]
    let isAutomatic = command[options.end] == [0x2A]
    if limits.server.isAtLeast(8, 6, valkey: nil), !isAutomatic, command.lowercased(options.end).hasPrefix("idmp") {
      throw NotReplayed("idempotent producers are not replayed")
    }
    let given: StreamID
    if isAutomatic {
      given = .zero
    } else if isPartial {
      given = try ReplayCommand.streamID(command[options.end].dropLast(2))
    } else {
      given = try command.streamID(options.end)
      guard given > .zero else { throw CommandError.smallStreamID }
    }
    let fields = command.arguments[first...]
    guard fields.count >= 2, fields.count % 2 == 0 else { throw CommandError.wrongArgumentCount }
    let former = try stream(command[1])
    if former == nil, !options.createsStream { return }
    if isAutomatic { throw NotReplayed("the ID of * is the time at which the command was sent") }
    let lastID = former?.lastID ?? .zero
    let id = isPartial ? try next(after: lastID, milliseconds: given.milliseconds) : given
    guard id > lastID else { throw CommandError.smallStreamID }
    guard fields.reduce(0, { $0 + $1.count }) <= 1 << 30 else { throw CommandError("the entry is too large") }
    let stream = former ?? ReplayedStream()
    if former == nil { set(command[1], .stream(stream)) }
    let target = try self.stream(command[1]) ?? stream
    target.append(id, fields, limits)
    target.entriesAdded &+= 1
    if let threshold = options.threshold {
      target.trim(threshold, isApproximate: options.isApproximate, options.references ?? .keep)
    }
  }

  /// The ID of an entry that is added with `ms-*`.
  private func next(after lastID: StreamID, milliseconds: UInt64) throws(CommandError) -> StreamID {
    if lastID.milliseconds != milliseconds { return StreamID(milliseconds, 0) }
    guard lastID.sequence < .max else { throw .smallStreamID }
    return StreamID(milliseconds, lastID.sequence + 1)
  }

  func xtrim(_ command: ReplayCommand) throws {
    let options = try trimOptions(command, isAdd: false)
    guard let threshold = options.threshold else { throw CommandError.syntax }
    try stream(command[1])?.trim(threshold, isApproximate: options.isApproximate, options.references ?? .keep)
  }

  func xdel(_ command: ReplayCommand) throws {
    let stream = try stream(command[1])
    let ids = try command.streamIDs(2..<command.count)
    for id in ids { stream?.remove(id, .keep) }
  }

  /// `XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id …]`.
  func xdelex(_ command: ReplayCommand) throws {
    let stream = try stream(command[1])
    let options = try idOptions(command, from: 2)
    for id in try command.streamIDs(options.ids) { stream?.remove(id, options.references) }
  }

  /// `XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id …]`.
  func xackdel(_ command: ReplayCommand) throws {
    let stream = try stream(command[1])
    let options = try idOptions(command, from: 3)
    guard let stream, let group = stream.groups[command[2]] else { return }
    // Redis 8.2 reads the IDs only if the group exists.
    for id in try command.streamIDs(options.ids) {
      var wasPending = false
      stream.change(group) { wasPending = group.acknowledge(id) }
      if wasPending { stream.remove(id, options.references) }
    }
  }

  /// The options of XDELEX and XACKDEL, in any order; `ids` are the indexes of the IDs.
  private func idOptions(
    _ command: ReplayCommand, from start: Int
  ) throws -> (ids: Range<Int>, references: ReplayedStream.References) {
    var references: ReplayedStream.References?
    var ids = start..<start
    var index = start
    while index < command.count {
      if references == nil, let found = self.references(command, index) {
        references = found
        index += 1
      } else if command.isWord(index, "ids"), ids.isEmpty, index + 1 < command.count {
        let count = try command.integer(index + 1)
        guard count > 0, count <= command.count - index - 2 else { throw CommandError.syntax }
        ids = index + 2..<index + 2 + Int(count)
        index += 2 + Int(count)
      } else {
        throw CommandError.syntax
      }
    }
    guard !ids.isEmpty else { throw CommandError.syntax }
    return (ids, references ?? .keep)
  }

  /// `XSETID key id [ENTRIESADDED n] [MAXDELETEDID id]`.
  func xsetid(_ command: ReplayCommand) throws {
    let id = try command.streamID(2)
    var added: UInt64?
    var deleted: StreamID?
    var index = 3
    while index < command.count {
      guard index + 1 < command.count else { throw CommandError.syntax }
      if command.isWord(index, "entriesadded") {
        let number = try command.integer(index + 1)
        guard number >= 0 else { throw CommandError.outOfRange }
        added = UInt64(number)
      } else if command.isWord(index, "maxdeletedid") {
        deleted = try command.streamID(index + 1)
        if id < deleted! { throw CommandError.smallStreamID }
      } else {
        throw CommandError.syntax
      }
      index += 2
    }
    guard let stream = try stream(command[1]) else { throw CommandError.noSuchKey }
    if limits.server.isAtLeast(7, 2), id < stream.maxDeletedID { throw CommandError.smallStreamID }
    if stream.length > 0 {
      if id < stream.lastEntryID { throw CommandError.smallStreamID }
      if let added, added < stream.length { throw CommandError("fewer entries added than the stream has") }
    }
    stream.lastID = id
    if let added { stream.entriesAdded = added }
    if let deleted, deleted > .zero { stream.maxDeletedID = deleted }
  }
}

extension CommandError {
  static let smallStreamID = CommandError("the stream ID is not larger than the last one")
}

extension ReplayedStream {
  /// Deletes an entry as XDEL does.
  func remove(_ id: StreamID, _ references: References) {
    guard contains(id), release(id, references) else { return }
    _ = delete(id)
    maxDeletedID = max(maxDeletedID, id)
  }
}
