// A key's header borrows the parser's memory, so a sink cannot keep one.
import RDB

struct KeepHeader: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  // error: has non-Escapable type 'KeyHeader?'
  var last: KeyHeader?

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest { .skip }
}
