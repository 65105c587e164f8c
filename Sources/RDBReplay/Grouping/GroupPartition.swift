import RDB
import RDBFormat
import RDBSupport

/// Some of the groups of keys, with their base values and commands in temporary files. A partition is replayed in
/// memory.
final class GroupPartition {
  /// The keys of the base snapshot, as a snapshot.
  private var baseStream: TemporaryStream?
  private var baseWriter: KeyspaceWriter?
  private var commands: TemporaryStream?
  /// The number of times that the groups were divided among partitions before.
  let depth: Int

  init(depth: Int) { self.depth = depth }

  /// The largest depth. A partition of this depth has one group or few, and is replayed without a memory limit.
  static let depthLimit = 6
  private static let childCount = 16

  /// The partition of a group among `count` partitions of a depth.
  static func index(of group: UInt64, among count: Int, depth: Int) -> Int {
    let mixed = (group ^ UInt64(depth) &* 0xD6E8_FEB8_6659_FD93) &* 0x9E37_79B9_7F4A_7C15
    return Int(mixed >> 32) % count
  }

  func addBase(_ name: [UInt8], _ key: ReplayedKey, database: UInt64, _ limits: EncodingLimits, _ base: SnapshotHeader?)
    throws
  {
    if baseWriter == nil {
      let stream = try TemporaryStream()
      baseStream = stream
      baseWriter = try KeyspaceWriter(to: stream, limits, base: base)
    }
    try baseWriter!.write(name, key, database: database)
  }

  func add(_ record: CommandRecord, through buffer: inout ByteBuffer) throws {
    if commands == nil { commands = try TemporaryStream() }
    try record.write(to: commands!, through: &buffer)
  }

  /// Ends the writing.
  func seal() throws {
    try baseWriter?.finish()
    baseWriter = nil
  }

  /// Replays the keys and commands.
  ///
  /// - Throws: ``RDBError`` of code `replayMemory` if they need more memory than the options allow.
  func replay(_ options: ReplayOptions) throws -> Replay {
    var options = options
    options.databaseCount = .max
    options.limitsMemory = depth < Self.depthLimit
    let replay = Replay(options)
    try forEachBaseKey(replay.execution) { try replay.put($0, $2, in: $1) }
    try forEachRecord { record in
      replay.setTime(record.now)
      replay.execution.database = record.database
      try replay.apply(record.command)
    }
    replay.execution.storeCurrentDatabase()
    return replay
  }

  /// Divides the groups among smaller partitions.
  func divided(_ survey: KeySurvey, _ limits: EncodingLimits) throws -> [GroupPartition] {
    let children = (0..<Self.childCount).map { _ in GroupPartition(depth: depth + 1) }
    func child(_ group: UInt64) -> GroupPartition {
      children[Self.index(of: group, among: Self.childCount, depth: depth + 1)]
    }
    try forEachBaseKey(Execution(survey.router.control.execution.options)) { name, database, key in
      let hash = CommandRouter.hash(name, in: database)
      try child(survey.group(of: hash) ?? hash).addBase(
        name, key, database: database, limits, survey.base?.header)
    }
    var buffer = ByteBuffer()
    try forEachRecord { try child($0.group).add($0, through: &buffer) }
    for child in children { try child.seal() }
    return children
  }

  private func forEachBaseKey(
    _ execution: Execution, _ receive: @escaping ([UInt8], UInt64, ReplayedKey) throws -> Void
  ) throws {
    guard let baseStream else { return }
    try baseStream.rewind()
    var sink = BaseSnapshotSink(execution, receive)
    var reader = RDBReader(baseStream)
    try reader.read(into: &sink)
  }

  private func forEachRecord(_ body: (CommandRecord) throws -> Void) throws {
    guard let commands else { return }
    try commands.rewind()
    var reader = CommandRecordReader(commands)
    while let record = try CommandRecord.read(from: &reader) { try body(record) }
  }
}
