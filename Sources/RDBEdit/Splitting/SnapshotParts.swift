import RDB
import RDBFormat
import RDBSupport

/// The snapshots that a snapshot is divided into, as files of a folder.
///
/// As a destination it takes no bytes: the sinks of ``SplittingSink`` hand it records when their turn comes.
package final class SnapshotParts: ByteDestination {
  /// The largest number of parts: the number of hash slots in a cluster.
  package static let limit = SlotOwners.slotCount

  /// A file of the result.
  package struct Summary: Hashable, Sendable {
    /// The name of the file in the folder.
    package var name: String
    package var keyCount: UInt64
    package var byteCount: UInt64
  }

  let options: SnapshotWritingOptions
  private let files: PartFiles
  /// The size after which a part ends; `nil`: parts are chosen by key.
  let sizeLimit: UInt64?
  private let lock = Lock()
  private var parts: [SnapshotPart] = []
  private var names = UsedNames()
  private var records: SpoolFile?
  /// The error that ended writing, if there was one. It takes precedence over damage in the input.
  package private(set) var failure: RDBError?

  /// Creates parts in a folder.
  ///
  /// - Parameters:
  ///   - options: The options of each snapshot.
  ///   - folder: The path of the folder, which exists and has no files.
  ///   - sizeLimit: The size after which a part ends, in bytes; `nil`: parts are chosen by key.
  ///   - openLimit: The largest number of files that are open at the same time.
  package init(
    _ options: SnapshotWritingOptions, in folder: String, sizeLimit: UInt64? = nil, openLimit: Int = 256
  ) throws {
    self.options = options
    self.sizeLimit = sizeLimit
    files = PartFiles(folder: folder, openLimit: openLimit)
    if sizeLimit != nil { _ = try addPart("part-1") }
  }

  /// Does nothing.
  package func write(_ bytes: RawSpan, followedBy more: RawSpan) {}

  /// Adds a part. Its file appears with its first key, or when all parts are finished.
  ///
  /// - Parameter name: The name of the file without its extension. If it is in use, it gets a number.
  /// - Returns: The index of the part.
  /// - Throws: ``RDBError`` (`refused`) if there are too many parts.
  package func addPart(_ name: String) throws -> Int {
    lock.lock()
    defer { lock.unlock() }
    guard parts.count < Self.limit else {
      let error = RDBError(.refused, at: 0, expected: "at most \(Self.limit) parts", found: "more")
      failure = error
      throw error
    }
    parts.append(try SnapshotPart(options, PartFile(names.add(name) + ".rdb", in: files)))
    return parts.count - 1
  }

  private func part(_ index: Int) throws -> SnapshotPart {
    lock.lock()
    let part = parts[index]
    lock.unlock()
    if !part.hasBegun { try part.begin(with: records) }
    return part
  }

  /// Writes records of one part. Called in file order.
  func write(_ segment: PartSegment) throws { try write(segment, segment.bytes.span.bytes) }

  /// - Parameter bytes: The bytes of the segment, in place of its own.
  func write(_ segment: PartSegment, _ bytes: RawSpan) throws {
    do {
      try writeNow(segment, bytes)
    } catch {
      failure = RDBError.transfer("write", error, at: 0)
      throw error
    }
  }

  private func writeNow(_ segment: PartSegment, _ bytes: RawSpan) throws {
    guard let index = segment.part else { return try writeToAll(bytes) }
    guard sizeLimit == nil else { return try writeBySize(segment, bytes) }
    try part(index).write(bytes, in: segment.database, keys: segment.keys, expiring: segment.expiring)
  }

  /// Whether the last part does not end inside a key.
  private var isBetweenKeys = true

  /// Writes records to the last part, and to new ones when it has reached the limit.
  private func writeBySize(_ segment: PartSegment, _ bytes: RawSpan) throws {
    var start = 0
    var (keys, expiring): (UInt64, UInt64) = (0, 0)
    for end in segment.ends {
      let current = try currentPart()
      keys += 1
      if end.isExpiring { expiring += 1 }
      guard hasReachedLimit(current, adding: end.index - start) else { continue }
      try current.write(
        bytes.extracting(start..<end.index), in: segment.database, keys: keys, expiring: expiring)
      isBetweenKeys = true
      (start, keys, expiring) = (end.index, 0, 0)
    }
    guard start < bytes.byteCount else { return }
    try currentPart().write(
      bytes.extracting(droppingFirst: start), in: segment.database, keys: keys, expiring: expiring)
    isBetweenKeys = segment.ends.last?.index == bytes.byteCount
  }

  private func hasReachedLimit(_ part: SnapshotPart, adding byteCount: Int) -> Bool {
    part.recordByteCount + UInt64(byteCount) >= sizeLimit ?? .max
  }

  /// The last part, or a new one if the last one has reached the limit.
  private func currentPart() throws -> SnapshotPart {
    let last = try part(parts.count - 1)
    guard isBetweenKeys, last.recordByteCount > 0, hasReachedLimit(last, adding: 0) else { return last }
    return try part(try addPart("part-\(parts.count + 1)"))
  }

  /// Writes records that belong to no key into all parts.
  private func writeToAll(_ bytes: RawSpan) throws {
    let records = try records ?? SpoolFile()
    self.records = records
    try records.append(bytes)
    for part in parts where part.hasBegun { try part.write(bytes) }
  }

  /// Writes the ends of all snapshots, and closes the files. All sinks must have ended.
  ///
  /// - Parameters:
  ///   - summary: The merged summary of all sinks.
  ///   - keepsEmpty: Whether parts without keys are files, too. If no part has a key, there is one file without keys.
  /// - Returns: The files, in the order in which the parts were added.
  package func finish(_ summary: SnapshotWritingSummary, keepsEmpty: Bool) throws -> [Summary] {
    try summary.checkDatabases()
    if keepsEmpty { for index in parts.indices { _ = try part(index) } }
    if !parts.contains(where: \.hasBegun) { _ = try part(try addPart("empty")) }
    let finished = parts.filter(\.hasBegun)
    for part in finished { try part.finish(omitsChecksum: summary.omitsChecksum) }
    try files.writeBuffers()
    try files.close()
    return finished.map { Summary(name: $0.name, keyCount: $0.keyCount, byteCount: $0.byteCount) }
  }
}
