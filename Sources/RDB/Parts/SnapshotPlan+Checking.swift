import RDBFormat

/// What is checked before a plan is used: a plan that was read from a file can be of another snapshot, or made by hand.
extension SnapshotPlan {
  /// What is wrong with a plan that was read from a file; `nil` if it is sound.
  ///
  /// A sound plan has parts that follow one another from offset 0 on and end within the file, heads without keys, and
  /// checksums of the parts that together give the one of the snapshot.
  package var fault: String? {
    if parts.isEmpty { return "it has no parts" }
    if parts.count > Self.partLimit { return "it has more than \(Self.partLimit) parts" }
    // At most each part has a head of its own; one more can be left over from making the plan.
    if heads.count > parts.count + 1 { return "it has more heads than parts" }
    if heads.reduce(0, { $0 + $1.count }) > Self.headLimit { return "its heads have more than \(Self.headLimit) bytes" }
    if byteCount > UInt64(Int64.max) { return "the file cannot have \(byteCount) bytes" }
    return faultOfRanges ?? faultOfHeads ?? faultOfChecksums
  }

  private var faultOfRanges: String? {
    var end: UInt64 = 0
    for (number, part) in parts.enumerated() {
      if part.start != end { return "part \(number) begins at offset \(part.start), not at \(end)" }
      if part.end < part.start || part.end > byteCount { return "part \(number) ends at offset \(part.end)" }
      if let head = part.head, !heads.indices.contains(head) { return "part \(number) has the unknown head \(head)" }
      if number > 0, part.head == nil { return "part \(number) has no head" }
      if UInt64(prefixByteCount(of: part)) > part.start {
        return "the head of part \(number) is longer than what precedes it"
      }
      end = part.end
    }
    if byteCount - end < UInt64(storedChecksumByteCount) { return "its parts end after the records of the file" }
    return nil
  }

  private var faultOfHeads: String? {
    guard let magic = try? header.magic else { return "no snapshot has the version \(header.version)" }
    guard let index = heads.firstIndex(where: { !Self.isHead($0, of: header) }) else { return nil }
    return "head \(index) is not \(String(decoding: magic, as: UTF8.self)) with fields and templates alone"
  }

  private var faultOfChecksums: String? {
    guard let checksum else { return nil }
    let all = parts.reduce(0) { CRC64.combine($0, $1.checksum, secondByteCount: $1.byteCount) }
    return all == checksum ? nil : "the checksums of its parts do not give the one of the file"
  }

  /// The size of the checksum after the last part.
  private var storedChecksumByteCount: Int { header.version >= 5 ? 8 : 0 }

  /// What tells a file from the one of the plan; `nil` if nothing does.
  ///
  /// Only the header and the stored checksum are read.
  ///
  /// - Parameters:
  ///   - source: A file of ``byteCount`` bytes, which can seek.
  ///   - ignoresChecksum: Whether the checksums are not compared.
  package func difference(in source: any ByteSource, ignoresChecksum: Bool) throws -> String? {
    let magic = try header.magic
    if try Self.bytes(of: source, at: 0, count: magic.count) != magic {
      return "it does not begin with \(String(decoding: magic, as: UTF8.self))"
    }
    guard let checksum, !ignoresChecksum else { return nil }
    let stored = try Self.bytes(of: source, at: endOffset, count: storedChecksumByteCount)
    let value = stored.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return value == checksum ? nil : "it ends with another checksum"
  }

  private static func bytes(of source: any ByteSource, at offset: UInt64, count: Int) throws -> [UInt8] {
    var window = Window(capacity: 64, computesChecksum: false)
    _ = try window.fill(from: AheadSource(source, from: offset), missing: UInt64(count))
    return Array([UInt8](window.bytes).prefix(count))
  }
}
