/// The databases of a log by the data that they hold, not by their numbers.
///
/// SWAPDB exchanges the numbers of two databases, and FLUSHDB gives a number to a new, empty database. The commands on
/// a key then stay in one logical database, and the keys of a flushed database need not be replayed.
struct LogicalDatabases: Equatable {
  /// The logical databases by their present numbers. A number that is missing is that of a database that never moved.
  private var logical: [UInt64: UInt64] = [:]
  private var nextNew: UInt64
  /// The logical databases that have no number any more.
  private(set) var dropped: Set<UInt64> = []

  /// - Parameter count: The number of databases.
  init(count: UInt64) { nextNew = count }

  /// The logical database that has a number at present.
  func logical(_ number: UInt64) -> UInt64 { logical[number] ?? number }

  mutating func swap(_ first: UInt64, _ second: UInt64) {
    (logical[first], logical[second]) = (logical(second), logical(first))
  }

  mutating func flush(_ number: UInt64) {
    dropped.insert(logical(number))
    logical[number] = nextNew
    nextNew += 1
  }

  /// Drops all databases that have keys.
  mutating func flushAll(_ present: Set<UInt64>) {
    // Both passes over a log must give the same logical numbers.
    for number in present.union(logical.keys).sorted() { flush(number) }
  }

  /// The number of a logical database at the end of the log; `nil`: it was dropped.
  func number(of database: UInt64) -> UInt64? {
    if dropped.contains(database) { return nil }
    return logical.first { $0.value == database }?.key ?? database
  }
}
