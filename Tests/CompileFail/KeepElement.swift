// An element's bytes are valid during the call that receives them, so a sink cannot keep the span.
import RDB

struct KeepElement: SelectiveSink {
  static var events: SinkEvents { [.beginKey, .listElement] }
  // error: has non-Escapable type 'RawSpan?'
  var first: RawSpan?

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest { .elements }
  mutating func listElement(_ element: RawSpan) throws { if first == nil { first = element } }
}
