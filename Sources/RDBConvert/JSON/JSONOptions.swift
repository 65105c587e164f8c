public import RDB

/// What `rdb json` writes.
public struct JSONOptions: Hashable, Sendable {
  /// How objects follow one another.
  public enum Layout: String, Hashable, Sendable, CaseIterable {
    /// One array, an object a line.
    case array
    /// JSON Lines: an object a line, nothing around them.
    case lines
  }

  /// How bytes become strings.
  public enum Strings: String, Hashable, Sendable, CaseIterable {
    /// Valid UTF-8 as text; anything else `{"$base64":"…"}`, as a name `"$base64:…"` (and so a name that
    /// begins with `$base64:`).
    case utf8
    /// Every string in base64.
    case base64
    /// Every byte the code point of its number, U+0000–U+00FF.
    case latin1
    /// As `redis-cli` shows it: printable ASCII as it is, `\n \r \t \a \b \\ \"`, all else `\xhh`.
    case escape
  }

  /// What an object is.
  public enum Shape: String, Hashable, Sendable, CaseIterable {
    /// An object a key, with all that is known of it.
    case native
    /// Of redis-rdb-tools and librdb: an object a database, `key: value`.
    case rdbtools
  }

  public var layout: Layout
  public var strings: Strings
  public var shape: Shape
  /// Objects for the header, AUX fields, functions, module AUX and slots, and one for the end.
  /// The shape `rdbtools` has no room for them.
  public var meta: Bool
  /// The release that wrote the dump: see ``SnapshotOrigin/assumedWriter``. It names the encodings.
  public var writer: ServerVersion
  /// Whether the sink receives only a part of each value. It then omits encodings that depend on the whole value.
  package var isPart = false

  public init(
    layout: Layout = .array, strings: Strings = .utf8, shape: Shape = .native, meta: Bool = false,
    writer: ServerVersion
  ) {
    self.layout = layout
    self.strings = strings
    self.shape = shape
    self.meta = meta
    self.writer = writer
  }
}

/// States of the output between objects: see ``Separators``.
enum JSONPlace {
  /// Behind the opening bracket.
  static let opened = UInt64.max - 1
  /// Behind the closing bracket.
  static let closed = UInt64.max - 2
  /// Behind an object of the native shape.
  static let items: UInt64 = 0

  /// Behind a key of a database of the shape `rdbtools`.
  static func database(_ number: UInt64) -> UInt64 { min(number, .max - 3) }

  static func separator(_ options: JSONOptions) -> Separators.Separator {
    switch (options.shape, options.layout) {
    case (.native, .array): nativeArray
    case (.native, .lines): { _, _ in [] }
    case (.rdbtools, .array): databasesArray
    case (.rdbtools, .lines): databasesLines
    }
  }

  @Sendable private static func nativeArray(_ previous: UInt64?, _ next: UInt64) -> [UInt8] {
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

  @Sendable private static func databasesArray(_ previous: UInt64?, _ next: UInt64) -> [UInt8] {
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

  @Sendable private static func databasesLines(_ previous: UInt64?, _ next: UInt64) -> [UInt8] {
    switch (previous, next) {
    case (_, opened), (nil, closed), (opened, closed): []
    case (_, closed): bytes("}\n")
    case (nil, _), (opened, _): bytes("{")
    case (next, _): bytes(",")
    default: bytes("}\n{")
    }
  }

  private static func bytes(_ text: StaticString) -> [UInt8] {
    Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
