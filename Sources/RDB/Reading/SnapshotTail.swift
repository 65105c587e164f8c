import RDBFormat
import RESP

/// A reader of what follows a snapshot in the same input. It knows the kinds of ``SnapshotEnd/Tail``, and never fails:
/// bytes that are none of them are read to the end and counted.
final class SnapshotTail {
  private enum State {
    case between, zeros, newlines, commands, other
  }

  /// The parts so far, in file order.
  private(set) var parts: [SnapshotEnd.Tail] = []
  private let mark: [UInt8]?
  private let options: RDBParser.Options
  private var state = State.between
  private var scanner = RESPCommandScanner(syntax: [.annotations, .emptyLines])
  private var changes = ChangeCounter()
  /// The parser of another snapshot, and the number of its checksum's bytes still to be read.
  private var parser: RDBParser?
  private var checksumByteCount = 0
  private var keys = KeyCountSink()
  /// More parts than this are counted as ``SnapshotEnd/Tail/Kind/other``.
  private static let partLimit = 16

  init(after head: SnapshotHead, options: RDBParser.Options) {
    mark = head.mark
    var options = options
    options.inputByteCount = nil
    self.options = options
  }

  /// Continues with the bytes of the window, which it consumes.
  ///
  /// - Returns: Whether the input has ended; always if `isFinal`.
  func read(_ window: inout Window, isFinal: Bool) -> Bool {
    while window.count > 0 || parser != nil {
      if parser != nil {
        guard readSnapshot(&window, isFinal) else { return false }
        continue
      }
      switch state {
      case .between:
        guard begin(&window, isFinal) else { return false }
      case .zeros: readRun(&window) { $0 == 0 }
      case .newlines: readRun(&window) { $0 == 10 || $0 == 13 }
      case .commands: readCommands(&window)
      case .other:
        add(window.count)
        window.consume(window.count)
      }
    }
    if isFinal, state == .commands { endCommands() }
    return isFinal
  }

  // MARK: Parts

  /// Begins the part that the next byte belongs to.
  ///
  /// - Returns: `false` if more bytes are needed to recognise it.
  private func begin(_ window: inout Window, _ isFinal: Bool) -> Bool {
    if parts.count >= Self.partLimit {
      beginPart(.other, .other)
      return true
    }
    let start = [UInt8](window.bytes.extracting(first: 64))
    if Self.beginsMark(start, mark) {
      if start.count < 41, !isFinal { return false }
      if Self.isMark(start, mark) {
        beginPart(.replicationMark, .between)
        add(40)
        window.consume(40)
        return true
      }
    }
    switch start[0] {
    case 0: beginPart(.zeros, .zeros)
    case 10, 13: beginPart(.newlines, .newlines)
    case UInt8(ascii: "*"), UInt8(ascii: "#"):
      scanner = RESPCommandScanner(syntax: [.annotations, .emptyLines])
      changes = ChangeCounter()
      beginPart(.commands, .commands)
    case UInt8(ascii: "R"), UInt8(ascii: "V"), UInt8(ascii: "$"), UInt8(ascii: "+"):
      if start.count < 64, !isFinal { return false }
      guard Self.beginsSnapshot(start) else {
        beginPart(.other, .other)
        return true
      }
      parser = RDBParser(options: options)
      keys = KeyCountSink()
      beginPart(.snapshot, .between)
    default: beginPart(.other, .other)
    }
    return true
  }

  private func beginPart(_ kind: SnapshotEnd.Tail.Kind, _ state: State) {
    self.state = state
    parts.append(SnapshotEnd.Tail(kind, byteCount: 0))
  }

  private func add(_ byteCount: Int) { parts[parts.count - 1].byteCount += UInt64(byteCount) }

  /// Whether bytes may begin a mark: 40 hexadecimal digits, or those that were announced.
  private static func beginsMark(_ start: [UInt8], _ mark: [UInt8]?) -> Bool {
    if let mark, mark.starts(with: start.prefix(40)) { return true }
    return start.prefix(40).allSatisfy(isHexadecimal)
  }

  private static func isMark(_ start: [UInt8], _ mark: [UInt8]?) -> Bool {
    guard start.count >= 40 else { return false }
    if let mark, mark.elementsEqual(start.prefix(40)) { return true }
    return start.prefix(40).allSatisfy(isHexadecimal) && !(start.count > 40 && isHexadecimal(start[40]))
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...70, 97...102: true
    default: false
    }
  }

  private static func beginsSnapshot(_ start: [UInt8]) -> Bool {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    if start.starts(with: "REDIS".utf8), start.count >= 9 { return start[5..<9].allSatisfy(digits.contains) }
    if start.starts(with: "VALKEY".utf8), start.count >= 9 { return start[6..<9].allSatisfy(digits.contains) }
    if start.starts(with: "+FULLRESYNC ".utf8) || start.starts(with: "$EOF:".utf8) { return true }
    guard start.first == UInt8(ascii: "$") else { return false }
    let length = start.dropFirst().prefix { digits.contains($0) }
    let rest = start[length.endIndex...]
    return !length.isEmpty && rest.starts(with: "\r\n".utf8)
      && beginsSnapshot(Array(rest.dropFirst(2))) && rest.dropFirst(2).first != UInt8(ascii: "$")
  }

  private func readRun(_ window: inout Window, _ belongs: (UInt8) -> Bool) {
    let count = window.bytes.withUnsafeBytes { bytes in bytes.firstIndex { !belongs($0) } ?? bytes.count }
    if count < window.count { state = .between }
    add(count)
    window.consume(count)
  }

  private func readCommands(_ window: inout Window) {
    do throws(RESPError) {
      try scanner.scan(window.bytes, into: &changes)
      add(window.count)
      window.consume(window.count)
    } catch {
      // The rest of the window is counted with the incomplete command.
      add(window.count)
      window.consume(window.count)
      endCommands()
    }
  }

  /// Ends the commands after the last complete one. What follows is something else.
  private func endCommands() {
    let part = parts.count - 1
    let rest = parts[part].byteCount - min(scanner.commandOffset, parts[part].byteCount)
    parts[part].byteCount -= rest
    parts[part].count = changes.commandCount
    parts[part].changeCount = changes.changeCount
    state = .between
    if parts[part].byteCount == 0 { parts.removeLast() }
    guard rest > 0 else { return }
    beginPart(.other, .other)
    add(Int(clamping: rest))
  }

  // MARK: Another snapshot

  /// Continues with another snapshot.
  ///
  /// - Returns: Whether it has ended, or turned out to be damaged.
  private func readSnapshot(_ window: inout Window, _ isFinal: Bool) -> Bool {
    if checksumByteCount > 0 {
      if window.count < checksumByteCount, !isFinal { return false }
      let count = min(window.count, checksumByteCount)
      add(count)
      window.consume(count)
      return endSnapshot()
    }
    guard var parser = parser.take() else { return true }
    var consumed = 0
    let want: RDBParser.Want
    do throws(RDBError) {
      want = try parser.parse(window, isFinal: isFinal, into: &keys, consumed: &consumed)
    } catch {
      add(consumed)
      window.consume(consumed)
      parts[parts.count - 1].count = keys.count
      if window.count > 0 { beginPart(.other, .other) }
      return true
    }
    add(consumed)
    window.consume(consumed)
    let isOver = want == .end
    let hasChecksum = parser.hasChecksum
    self.parser = consume parser
    guard isOver else { return false }
    if hasChecksum {
      checksumByteCount = 8
      return true
    }
    return endSnapshot()
  }

  private func endSnapshot() -> Bool {
    parts[parts.count - 1].count = keys.count
    parser = nil
    checksumByteCount = 0
    state = .between
    return true
  }
}

/// Counts commands, and those that may change data.
private struct ChangeCounter: RESPCommandHandler {
  /// Commands that a server sends on a replication link, or writes into an append-only file, without changing data.
  private static let harmless: Set<[UInt8]> = Set(["PING", "REPLCONF", "SELECT"].map { Array($0.utf8) })

  private(set) var commandCount: UInt64 = 0
  private(set) var changeCount: UInt64 = 0
  private var name: [UInt8] = []
  private var isName = false

  mutating func beginCommand(argumentCount: Int, offset: UInt64) { name.removeAll(keepingCapacity: true) }
  mutating func beginArgument(_ index: Int, byteCount: Int) { isName = index == 0 }
  mutating func argumentBytes(_ bytes: RawSpan) {
    guard isName, name.count < 16 else { return }
    name += [UInt8](bytes.extracting(first: 16)).map { 97...122 ~= $0 ? $0 - 32 : $0 }
  }
  mutating func endCommand(end: UInt64) {
    commandCount += 1
    if !Self.harmless.contains(name) { changeCount += 1 }
  }
}

/// Counts keys.
private struct KeyCountSink: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  private(set) var count: UInt64 = 0

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    count += 1
    return .skip
  }
}
