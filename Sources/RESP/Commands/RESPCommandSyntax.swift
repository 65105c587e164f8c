/// The forms that an input of commands may have besides arrays of bulk strings.
package struct RESPCommandSyntax: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Lines that begin with `#`, such as the timestamps of an append-only file (Redis 7.0 and later).
  ///
  /// Source: `AOF_ANNOTATION_LINE_MAX_LEN` in Redis `src/aof.h`: at most 1024 bytes.
  package static let annotations = RESPCommandSyntax(rawValue: 1)
  /// Empty lines, which a replication link sends to stay open.
  package static let emptyLines = RESPCommandSyntax(rawValue: 2)
  /// Lines of text (`SET k "a value"`), `*0` and `*-1`, as `redis-cli --pipe` passes them on. A server skips lines
  /// without a word, and arrays without an element.
  package static let inlineCommands = RESPCommandSyntax(rawValue: 4)

  /// The longest line that begins with `#`, in bytes.
  static let annotationByteCount = 1024
}
