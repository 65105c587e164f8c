import RDBSupport

/// The keys of a load into a cluster that are not safe yet.
///
/// Each key has a number, from 0 without gaps in the order of the input. A key is on its way to a node, waits to be sent
/// again, or is safe. Keys of one slot that wait are sent in their order.
struct ClusterKeys {
  /// A key that waits.
  struct Waiting {
    var number: Int
    var unit: KeyUnit
    var slot: UInt16
    /// The time from which on the key may be sent, in nanoseconds.
    var due: UInt64
    /// The node that has the key while its slot moves; `nil`: the master of the slot.
    var asked: Endpoint?
  }

  private struct Entry {
    /// The unit; `nil` if the key is safe, or is sent apart from the others.
    var unit: KeyUnit?
    var slot: UInt16
    var endOrdinal: UInt64
    /// The node that has the key; `nil` while the key waits.
    var node: Endpoint?
    var isSafe = false
    var attemptCount = 0
    /// Whether a node may have executed the commands already.
    var isAgain: Bool
  }

  private var entries = Queue<Entry>()
  /// The number of the first entry.
  private var firstNumber = 0
  /// The keys that wait, in the order of their numbers.
  private(set) var waiting: [Waiting] = []
  /// The slots of ``waiting``.
  private var waitingSlots: Set<UInt16> = []

  /// The number of keys, from the first of the input on, that are safe.
  private(set) var safeKeyCount: UInt64
  /// The bytes of all commands that are kept.
  private(set) var byteCount = 0

  /// - Parameter count: The number of keys that were skipped, and are safe.
  init(skipping count: UInt64) { safeKeyCount = count }

  var isEmpty: Bool { entries.isEmpty }
  var count: Int { entries.count }

  /// The node of the first key that is not safe; `nil` if the key waits, or there is none.
  var firstNode: Endpoint? { entries.first?.node }

  /// Whether keys of a slot wait, so that the others of the slot must wait too.
  func mustWait(_ slot: UInt16) -> Bool { waitingSlots.contains(slot) }

  /// Adds a key.
  ///
  /// - Parameters:
  ///   - isAgain: Whether a node may have the key from an earlier load.
  ///   - keeps: Whether the unit is kept until the key is safe.
  /// - Returns: Its number.
  mutating func add(
    _ unit: KeyUnit, slot: UInt16, endOrdinal: UInt64, again isAgain: Bool = false, keeps: Bool = true
  ) -> Int {
    entries.append(Entry(unit: keeps ? unit : nil, slot: slot, endOrdinal: endOrdinal, isAgain: isAgain))
    if keeps { byteCount += unit.bytes.count }
    return firstNumber + entries.count - 1
  }

  /// Notes that a key is sent to a node.
  mutating func sent(_ number: Int, to node: Endpoint) { entries[number - firstNumber].node = node }

  /// Changes the number of the first key of the input after a key that is sent apart, when that is known.
  mutating func setEnd(_ number: Int, _ endOrdinal: UInt64) { entries[number - firstNumber].endOrdinal = endOrdinal }

  mutating func markSafe(_ number: Int) {
    let index = number - firstNumber
    guard index >= 0, !entries[index].isSafe else { return }
    byteCount -= entries[index].unit?.bytes.count ?? 0
    (entries[index].isSafe, entries[index].unit) = (true, nil)
    while let first = entries.first, first.isSafe {
      safeKeyCount = max(safeKeyCount, first.endOrdinal)
      _ = entries.popFirst()
      firstNumber += 1
    }
  }

  // MARK: Sending again

  /// Has a key wait.
  ///
  /// - Parameters:
  ///   - due: The time, in nanoseconds, from which on the key may be sent.
  ///   - asked: The node that has the key while its slot moves.
  mutating func wait(_ number: Int, until due: UInt64, asked: Endpoint? = nil) {
    let index = number - firstNumber
    guard index >= 0, let unit = entries[index].unit else { return }
    entries[index].node = nil
    let position = waiting.firstIndex { $0.number >= number } ?? waiting.count
    guard position == waiting.count || waiting[position].number != number else { return }
    let slot = entries[index].slot
    waiting.insert(Waiting(number: number, unit: unit, slot: slot, due: due, asked: asked), at: position)
    waitingSlots.insert(slot)
    nextDue = min(nextDue, due)
  }

  /// Whether a node may have executed the commands of a key already.
  func isAgain(_ number: Int) -> Bool { number >= firstNumber && entries[number - firstNumber].isAgain }

  /// Notes that a node may have executed the commands of a key.
  mutating func markAgain(_ number: Int) {
    if number >= firstNumber { entries[number - firstNumber].isAgain = true }
  }

  /// Counts an attempt to send a key.
  ///
  /// - Returns: The number of attempts so far.
  mutating func countAttempt(_ number: Int) -> Int {
    guard number >= firstNumber else { return 1 }
    entries[number - firstNumber].attemptCount += 1
    return entries[number - firstNumber].attemptCount
  }

  /// The time from which on one of the keys that wait may be sent, in nanoseconds; `UInt64.max` if none waits.
  private(set) var nextDue = UInt64.max

  /// Takes the keys that may be sent now. A key stays if an earlier one of its slot does.
  mutating func takeDue(at now: UInt64) -> [Waiting] {
    guard !waiting.isEmpty else { return [] }
    var (due, left): ([Waiting], [Waiting]) = ([], [])
    var blocked: Set<UInt16> = []
    for key in waiting {
      if key.due <= now, !blocked.contains(key.slot) {
        due.append(key)
      } else {
        blocked.insert(key.slot)
        left.append(key)
      }
    }
    (waiting, waitingSlots, nextDue) = (left, blocked, left.lazy.map(\.due).min() ?? .max)
    return due
  }
}
