public import RDB
import RDBFormat
import RDBSupport

/// Small hashes and sorted sets, written as a whole.
extension RESPSink {
  @inlinable public static var takesPackedPairs: Bool { true }

  public mutating func hashFields(_ fields: borrowing PackedPairs) throws -> Bool {
    guard canTake(fields), let byteCount = fields.writeFields(to: pairText.base) else { return false }
    return try add(byteCount, elementCount: fields.count)
  }

  public mutating func zsetMembers(_ members: borrowing PackedPairs) throws -> Bool {
    guard canTake(members), let byteCount = members.writeMembers(to: pairText.base) else { return false }
    return try add(byteCount, elementCount: members.count)
  }

  /// Whether all pairs fit into one command and into ``pairText``.
  private func canTake(_ pairs: borrowing PackedPairs) -> Bool {
    let byteCount = pairs.maximumByteCount
    return pairs.count <= openCommand.limit && byteCount <= Self.pairTextByteCount && byteCount < bulkLimit
      // With the name of the key, and of the command.
      && byteCount &+ name.memory.count &+ 256 <= commandByteCount
  }

  /// Adds the first `byteCount` bytes of ``pairText`` to the open command. Until then, nothing of the value is written.
  private mutating func add(_ byteCount: Int, elementCount: Int) throws(RDBError) -> Bool {
    guard case .shared = try begin(byteCount, 0) else { return false }
    elementMemory.copyMemory(from: pairText.base, byteCount: byteCount)
    wrote(byteCount, elementCount: elementCount)
    return true
  }

  static var pairTextByteCount: Int { ByteOutput.directThreshold }
}
