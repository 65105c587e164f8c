public import RDB
public import RDBFormat
import Synchronization

/// Looks for one key by stepping over all others; ends the reading when it is found.
///
/// For several workers: the one that finds it first in file order is heard.
public struct KeyFinder: SelectiveSink, RunSink, ~Copyable {
  /// Where the key stands, for all workers to say.
  public final class Found: Sendable {
    private let lowest = Atomic<Int>(.max)
    public init() {}

    /// Where its record begins; `nil`: nobody found it.
    public var offset: UInt64? {
      let offset = lowest.load(ordering: .relaxed)
      return offset == .max ? nil : UInt64(offset)
    }

    fileprivate func note(_ offset: Int) { lowest.min(offset, ordering: .relaxed) }
  }

  private var hints: KeyHints
  private let database: UInt64
  private let found: Found

  public init(name: [UInt8], database: UInt64, found: Found) {
    hints = KeyHints(name: name, database: database)
    self.database = database
    self.found = found
  }

  public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    if key.database == database, hints.isName(key.name) {
      found.note(key.offset)
      throw .stop
    }
    hints.add(key)
    return .skip
  }

  public mutating func endRun() throws(RDBError) {}
  public consuming func finish() throws(RDBError) -> KeyHints { hints }
}
