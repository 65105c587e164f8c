/// The units of all connections that may have to be sent again.
///
/// A unit is kept until it is safe: answered and, if replicas are waited for, on enough of them. All units of a key are
/// kept until the last of them is safe, because half a key can only be sent again from its beginning.
///
/// The owner registers each unit when it is sent, and reports for each connection up to which unit the server has answered, and
/// up to which the replicas have the data. When a connection is lost, ``lost(_:)`` returns the units to send again. Sending a key twice must
/// change nothing.
package struct RetainedUnits: Sendable {
  /// The way to send the units of a lost connection again.
  package enum Resending: Hashable, Sendable {
    /// Send these units again. Sort them by number among those that wait for it already, and send them before new units.
    case units([KeyUnit])
    /// Read the input again from the key of this number on, with a new ``RetainedUnits``: a key was too large to be kept.
    case mustReread(fromKey: UInt64)
  }

  private struct Entry: Sendable {
    var unit: KeyUnit
    /// The connection on which the unit was sent; `nil` while it waits to be sent again.
    var connection: Int?
    var isSafe = false
    /// Whether the commands are no longer kept, because the key is too large.
    var isDropped = false
  }

  /// The units of a connection that are not safe yet, in the order of their sending.
  private struct Connection: Sendable {
    var numbers = Queue<UInt64>()
    /// The number of units that were safe before the first of `numbers`.
    var safeCount = 0
  }

  /// The key whose next unit is yet to come.
  private struct OpenKey: Sendable {
    var connection: Int
    /// The number of the first unit with commands of the key.
    var firstUnit: UInt64
    /// The attempt of the temporary name.
    var attempt: UInt8 = 0
    var byteCount = 0
    var isDropped = false
  }

  private let replicaCount: Int
  private let keyByteLimit: Int
  private var entries = Queue<Entry>()
  /// The number of the first unit in `entries`; `nil` before the first unit.
  private var firstNumber: UInt64?
  private var connections: [Int: Connection] = [:]
  private var openKey: OpenKey?

  /// The number of keys, from the first of the input on, that are safe. It never decreases.
  package private(set) var safeKeyCount: UInt64
  /// The memory of all units whose commands are kept, in bytes.
  package private(set) var byteCount = 0

  /// - Parameters:
  ///   - replicaCount: The number of replicas that must have a unit before it is safe; 0: the reply suffices.
  ///   - firstKey: The number of keys that were skipped, and are safe.
  ///   - keyByteLimit: The largest size of a key, in bytes of commands, that is kept until it is complete.
  package init(replicaCount: Int, skipping firstKey: UInt64 = 0, keyByteLimit: Int = 32 << 20) {
    (self.replicaCount, self.keyByteLimit) = (replicaCount, keyByteLimit)
    safeKeyCount = firstKey
  }

  /// Whether every unit is safe, and each key complete.
  package var isEmpty: Bool { entries.isEmpty && openKey == nil }

  // MARK: Sending

  /// Returns the connection that must take a unit, because it has the beginning of the same key; `nil` if any may.
  package func requiredConnection(for unit: KeyUnit) -> Int? {
    guard unit.startsInsideKey, let firstNumber else { return nil }
    guard unit.number > firstNumber else { return openKey?.connection }
    return entries[Int(unit.number - 1 - firstNumber)].connection
  }

  /// Returns the attempt of the units before a unit, which have the beginning of the same key; `nil` if there are none.
  package func requiredAttempt(for unit: KeyUnit) -> UInt8? {
    guard unit.startsInsideKey, let firstNumber else { return nil }
    guard unit.number > firstNumber else { return openKey?.attempt }
    return entries[Int(unit.number - 1 - firstNumber)].unit.attempt
  }

  /// Registers a unit that is sent on a connection, which is the ``requiredConnection(for:)`` if there is one.
  ///
  /// New units are registered in the order of their numbers. A unit that is sent again has its old number.
  package mutating func sent(_ unit: KeyUnit, on connection: Int) {
    connections[connection, default: Connection()].numbers.append(unit.number)
    if let firstNumber, unit.number < firstNumber + UInt64(entries.count) {
      let index = Int(unit.number - firstNumber)
      entries[index].connection = connection
      // It can have other temporary names now.
      byteCount += unit.memoryByteCount - entries[index].unit.memoryByteCount
      entries[index].unit = unit
      if openKey?.firstUnit == unit.number {
        openKey?.connection = connection
        openKey?.attempt = unit.attempt
      }
      return
    }
    if firstNumber == nil || entries.isEmpty { firstNumber = unit.number }
    entries.append(Entry(unit: unit, connection: connection))
    byteCount += unit.memoryByteCount
    followKey(unit, on: connection)
  }

  /// Follows a key over its units, and drops them once they are too large.
  private mutating func followKey(_ unit: KeyUnit, on connection: Int) {
    var key = OpenKey(connection: connection, firstUnit: unit.number, attempt: unit.attempt)
    if unit.startsInsideKey, let openKey { key = openKey }
    key.byteCount += unit.bytes.count
    if unit.startsInsideKey || unit.endsInsideKey, key.byteCount > keyByteLimit {
      drop(from: key.isDropped ? unit.number : key.firstUnit)
      key.isDropped = true
    }
    openKey = unit.endsInsideKey ? key : nil
  }

  private mutating func drop(from number: UInt64) {
    guard let firstNumber else { return }
    for index in Int(max(number, firstNumber) - firstNumber)..<entries.count {
      guard !entries[index].isDropped else { continue }
      byteCount -= entries[index].unit.memoryByteCount
      (entries[index].unit.bytes, entries[index].unit.names) = ([], [])
      entries[index].isDropped = true
    }
  }

  // MARK: Replies

  /// Takes the number of answered units of a connection, counted from its first unit.
  package mutating func answered(unitCount: Int, on connection: Int) {
    if replicaCount == 0 { markSafe(unitCount, on: connection) }
  }

  /// Takes the reply to WAIT: the number of replicas that have the first `unitCount` units of a connection.
  ///
  /// - Returns: Whether the replicas are enough.
  @discardableResult
  package mutating func replicated(to replicas: Int, unitCount: Int, on connection: Int) -> Bool {
    guard replicas >= replicaCount else { return false }
    markSafe(unitCount, on: connection)
    return true
  }

  private mutating func markSafe(_ unitCount: Int, on number: Int) {
    guard var connection = connections[number], let firstNumber else { return }
    while connection.safeCount < unitCount, let unit = connection.numbers.popFirst() {
      connection.safeCount += 1
      if unit >= firstNumber { entries[Int(unit - firstNumber)].isSafe = true }
    }
    connections[number] = connection
    release()
  }

  /// Removes the safe units at the beginning, and advances ``safeKeyCount``.
  private mutating func release() {
    while let first = entries.first, first.isSafe {
      var count = 1
      while !first.isDropped, entries[count - 1].unit.endsInsideKey {
        // The key goes on: all of its units must be safe.
        guard count < entries.count, entries[count].isSafe else { return advance(over: count) }
        count += 1
      }
      advance(over: count)
      for _ in 0..<count {
        if let entry = entries.popFirst(), !entry.isDropped { byteCount -= entry.unit.memoryByteCount }
        firstNumber? += 1
      }
    }
  }

  /// Counts the complete keys of the first `count` units, which are all safe.
  private mutating func advance(over count: Int) {
    safeKeyCount = max(safeKeyCount, entries[count - 1].unit.endOrdinal)
  }

  // MARK: Lost connections

  /// Forgets a connection that is lost.
  ///
  /// - Returns: The units to send again: all units of the connection that are not safe, and the safe units of a key that
  ///   is not complete. Units that wait to be sent again already are not among them.
  package mutating func lost(_ connection: Int) -> Resending {
    connections[connection] = nil
    if let openKey, openKey.connection == connection, openKey.isDropped { return .mustReread(fromKey: safeKeyCount) }
    var units: [KeyUnit] = []
    var start = 0
    while start < entries.count {
      let (end, isComplete) = endOfKey(from: start)
      for index in start..<end where !isComplete && entries[index].connection == connection {
        // A key whose first units are no longer known was dropped.
        if entries[index].isDropped { return .mustReread(fromKey: safeKeyCount) }
        (entries[index].isSafe, entries[index].connection) = (false, nil)
        units.append(entries[index].unit)
      }
      start = end
    }
    return .units(units)
  }

  /// Returns the index after the units that are connected by keys, and whether all of them are there and safe.
  private func endOfKey(from start: Int) -> (end: Int, isComplete: Bool) {
    var index = start
    var isSafe = true
    while index < entries.count {
      isSafe = isSafe && entries[index].isSafe
      index += 1
      if !entries[index - 1].unit.endsInsideKey { return (index, isSafe) }
    }
    return (index, false)
  }
}
