import RDB
import RDBFormat

/// What a reader of a log knows about the commands that follow, without replaying them.
struct LogPosition {
  /// The file, by its number in the order of loading.
  private(set) var part = 0
  /// The current database, as SELECT chooses it.
  private(set) var database: UInt64 = 0
  /// The time of the last annotation.
  private(set) var time: UnixMilliseconds?
  /// The offset of MULTI in a transaction.
  private(set) var transaction: UInt64?

  /// Continues with an item of the log. A SELECT has its effect at once.
  mutating func update(_ item: ReplayItem) {
    switch item {
    case .beginPart(let part):
      self.part = part
      database = 0
    case .time(let time): self.time = time
    case .beginTransaction(let command): transaction = command.offset
    case .endTransaction: transaction = nil
    case .command(let command):
      if command.count == 2, command.isWord(0, "select"), let number = command.databaseNumber(1) { database = number }
    case .base, .failure: break
    }
  }
}

extension ReplayCommand {
  /// The argument as the number of a database; `nil` if no server has one with it.
  func databaseNumber(_ index: Int) -> UInt64? {
    guard index < count, arguments[index].count <= 10 else { return nil }
    let number = UInt64(String(decoding: arguments[index], as: UTF8.self))
    return number.flatMap { $0 < 1 << 31 ? $0 : nil }
  }

  /// The size of the command as an array of bulk strings, in bytes.
  var byteCount: UInt64 {
    arguments.reduce(Self.headerByteCount(count)) { $0 + Self.headerByteCount($1.count) + UInt64($1.count) + 2 }
  }

  private static func headerByteCount(_ count: Int) -> UInt64 {
    var (digits, rest) = (1, count)
    while rest > 9 { (digits, rest) = (digits + 1, rest / 10) }
    return UInt64(digits) + 3
  }
}
