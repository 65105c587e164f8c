/// The limits of a decoder, which bound the memory that its input can make it use.
package struct RESPLimits: Hashable, Sendable {
  /// The deepest nesting of arrays, sets and maps.
  package var depth = 32
  /// The longest bulk string, in bytes.
  package var bulkByteCount = 512 << 20
  /// The longest line (a simple string, an error, a number), in bytes.
  package var lineByteCount = 64 << 10
  /// The largest number of elements of a value, nested ones included, or of arguments of a command.
  package var elementCount = 64 << 20
  /// The largest reply, in bytes, with its nested values.
  package var replyByteCount = 1 << 30

  /// The default limits.
  package init() {}
}
