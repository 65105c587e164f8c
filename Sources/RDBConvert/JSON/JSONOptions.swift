public import RDB

/// Options for the JSON that a ``JSONSink`` writes.
public struct JSONOptions: Hashable, Sendable {
  /// The layout of the objects.
  public enum Layout: String, Hashable, Sendable, CaseIterable {
    /// One array, with one object per line.
    case array
    /// JSON Lines: one object per line.
    case lines
  }

  /// The representation of bytes as strings.
  public enum Strings: String, Hashable, Sendable, CaseIterable {
    /// Valid UTF-8 is written as text, other values as `{"$base64":"…"}`, and other names as `"$base64:…"`. Names that
    /// begin with `$base64:` are encoded too.
    case utf8
    /// Every string is Base64.
    case base64
    /// Each byte is the code point with its number, U+0000 to U+00FF.
    case latin1
    /// The text that `redis-cli` shows: printable ASCII, the escapes `\n \r \t \a \b \\ \"`, and `\xhh` for other bytes.
    case escape
  }

  /// The meaning of an object.
  public enum Shape: String, Hashable, Sendable, CaseIterable {
    /// One object per key, with all attributes of the key.
    case native
    /// One object per database, with a member `key: value` per key, as redis-rdb-tools and librdb write it.
    case rdbtools
  }

  package var layout: Layout
  package var strings: Strings
  package var shape: Shape
  package var meta: Bool
  package var decodes: Bool
  package var writer: ServerVersion
  /// Whether the sink receives only a part of each value. It then omits encodings that depend on the whole value.
  package var isPart = false

  /// Creates options.
  ///
  /// - Parameters:
  ///   - layout: The layout of the objects.
  ///   - strings: The representation of bytes as strings.
  ///   - shape: The meaning of an object.
  ///   - meta: Whether to write objects for the header, AUX fields, functions, module AUX and slots, and for the end. The
  ///     shape ``Shape/rdbtools`` ignores this option. Without these objects the ledger notes the omitted data.
  ///   - decodes: Whether to add what the bytes of some values mean: the cardinality of a HyperLogLog, the position of each
  ///     member of a geo set, and the values of some modules. A sorted set does not say whether it is a geo set: each score
  ///     that can be a position has one. The shape ``Shape/rdbtools`` ignores this option.
  ///   - writer: The release that wrote the snapshot, which determines the names of encodings. See
  ///     `SnapshotOrigin.assumedWriter`.
  public init(
    layout: Layout = .array, strings: Strings = .utf8, shape: Shape = .native, meta: Bool = false,
    decodes: Bool = false, writer: ServerVersion
  ) {
    self.layout = layout
    self.strings = strings
    self.shape = shape
    self.meta = meta
    self.decodes = decodes
    self.writer = writer
  }
}

/// States of the output between objects: see ``Separators``.
enum JSONSeparatorState {
  /// The state after the opening bracket.
  static let opened = Separators.State.max - 1
  /// The state after the closing bracket.
  static let closed = Separators.State.max - 2
  /// The state after an object of the native shape.
  static let items: Separators.State = 0

  /// Returns the state after a key of a database, in the shape `rdbtools`.
  static func database(_ number: UInt64) -> Separators.State { Separators.State(number) }

  static func separator(_ options: JSONOptions) -> Separators.Separator {
    switch (options.shape, options.layout) {
    case (.native, .array): nativeArray
    case (.native, .lines): { _, _ in [] }
    case (.rdbtools, .array): databasesArray
    case (.rdbtools, .lines): databasesLines
    }
  }

  @Sendable private static func nativeArray(_ previous: Separators.State?, _ next: Separators.State) -> [UInt8] {
    switch (previous, next) {
    case (nil, opened): bytes("[")
    case (opened, closed): bytes("]\n")
    case (nil, closed): bytes("[]\n")
    case (_, closed): bytes("\n]\n")
    case (nil, _): bytes("[\n")
    case (opened, _): bytes("\n")
    default: bytes(",\n")
    }
  }

  @Sendable private static func databasesArray(_ previous: Separators.State?, _ next: Separators.State) -> [UInt8] {
    switch (previous, next) {
    case (nil, opened): bytes("[")
    case (opened, closed): bytes("]\n")
    case (nil, closed): bytes("[]\n")
    case (_, closed): bytes("\n}]\n")
    case (nil, _): bytes("[{\n")
    case (opened, _): bytes("{\n")
    case (next, _): bytes(",\n")
    default: bytes("\n},{\n")
    }
  }

  @Sendable private static func databasesLines(_ previous: Separators.State?, _ next: Separators.State) -> [UInt8] {
    switch (previous, next) {
    case (_, opened), (nil, closed), (opened, closed): []
    case (_, closed): bytes("}\n")
    case (nil, _), (opened, _): bytes("{")
    case (next, _): bytes(",")
    default: bytes("}\n{")
    }
  }

  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}
