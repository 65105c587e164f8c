/// The error with which a server answers a command. The command then has no effect, and replaying continues.
package struct CommandError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }

  package static let wrongType = CommandError("the key holds a value of another type")
  package static let wrongArgumentCount = CommandError("wrong number of arguments")
  package static let syntax = CommandError("syntax error")
  package static let notInteger = CommandError("not an integer or out of range")
  package static let notFloat = CommandError("not a number")
  package static let overflow = CommandError("the result would be out of range")
  package static let noSuchKey = CommandError("no such key")
  package static let outOfRange = CommandError("index or offset out of range")
  package static let invalidExpiry = CommandError("invalid expiry")
}

/// The reason why a command was not replayed: the file does not determine its effect, or replaying it is not
/// implemented.
package struct NotReplayed: Error, Hashable, Sendable {
  package let reason: String
  package init(_ reason: String) { self.reason = reason }
}
