/// The limits of a decoder: they bound the memory that a sender can make it use.
package struct RESPLimits: Hashable, Sendable {
  /// The deepest nesting of arrays.
  package var depth = 32
  /// The longest bulk string, in bytes.
  package var bulkByteCount = 512 << 20
  /// The longest line (a simple string, an error, a number), in bytes.
  package var lineByteCount = 64 << 10
  /// The most elements of one value, nested ones included, or the most arguments of a command.
  package var elementCount = 64 << 20

  /// The default limits.
  package init() {}
}
