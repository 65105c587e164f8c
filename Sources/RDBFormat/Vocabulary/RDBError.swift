import RDBSupport

/// An error in a snapshot, in a file, or in a sink.
///
/// The error carries a code to switch on, the file offset, the key once its name is known, and two noun
/// phrases: what was expected and what was found. Values of keys never appear in a message.
///
/// The functions of this package throw `any Error`, and the error is always an `RDBError`. Catch it in this
/// form:
///
///     do {
///       var reader = RDBReader(try FileSource(path: path))
///       try reader.read(into: &sink)
///     } catch let error as RDBError {
///       print(error.code, error.offset, error.key ?? [], error.found)
///     }
///
/// Functions that run once per element, such as ``ByteOutput`` appending bytes, throw `RDBError` as a typed
/// error. If a `do` block calls only such functions, its last `catch` must catch all errors: Swift 6.3.1 does
/// not compile `catch where error.code == .io` or `catch let error as RDBError` as the last one.
/// A plain `catch`, in which `error` is an `RDBError`, compiles.
public struct RDBError: Error, Sendable {
  /// The reason for an error: a struct of constants, so that source still compiles when a reason is added.
  ///
  /// The reasons that a program acts on are constants. All others say how a value is damaged; their names, which output
  /// in JSON also has, do not change:
  ///
  /// | Name | Reason |
  /// | --- | --- |
  /// | `badLength` | An invalid length prefix, or a length that no file can hold. |
  /// | `badString` | A string with an unknown encoding. |
  /// | `badScore` | A score that is not a number, or not text of one. |
  /// | `corruptLZF` | LZF data that does not decompress to the announced size. |
  /// | `corruptListpack`, `corruptZiplist`, `corruptIntset`, `corruptZipmap` | A packed value that contradicts itself. |
  /// | `corruptQuicklist` | A quicklist node that is invalid. |
  /// | `corruptStream` | A stream whose entries, groups or consumers are invalid. |
  /// | `corruptModule` | A module's value or data whose parts are invalid. |
  /// | `corruptArray` | An array whose parts are invalid. |
  /// | `corruptHashTemplate` | An invalid or missing hash template, or a hash that does not match its template. |
  /// | `corruptHash` | A hash whose field expiries are invalid. |
  /// | `corruptOpcode` | An opcode whose payload is wrong, or that is not allowed at its offset. |
  /// | `duplicateMember` | The same member, field or element twice in one packed value. |
  /// | `corruptCompression` | Compressed input (gzip, zstd, LZ4) that does not decompress. |
  /// | `corruptParquet` | A Parquet file of an export that is damaged, or that this package did not write. |
  /// | `corruptRESP` | A RESP file that is cut or malformed. |
  /// | `truncatedCommands` | A file of commands that ends inside a command or a transaction. |
  /// | `corruptManifest` | A manifest of an append-only file that is malformed, or that does not fit the files beside it. |
  /// | `trailingBytes` | Bytes after the end of a value or file that belong to nothing. |
  /// | `valueTooLarge` | A value that is larger than a limit of the caller, such as the memory of a push reader. |
  /// | `notRepresentable` | Data was written that the chosen version, type or packed form cannot hold. |
  /// | `misplaced` | A value was written with fewer or more parts than were announced, or in the wrong order. |
  /// | `patternTooCostly` | A regular expression that needs too many steps for a key's name. |
  ///
  /// To act on one of them, compare with its name: `error.code == RDBError.Code("corruptListpack")`.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The constant's own name: `truncated`, `corruptListpack` …
    public let description: String

    /// Creates a code from its name, to compare with.
    public init(_ name: String) { description = name }

    /// Whether the code is about the structure of one value.
    package var isOfValue: Bool { Self.ofValues.contains(self) }

    private static let ofValues: Set<Code> = [
      badLength, badString, corruptLZF, corruptListpack, corruptZiplist, corruptIntset, corruptZipmap, corruptQuicklist,
      corruptStream, corruptModule, corruptArray, corruptHashTemplate, corruptHash, badScore, duplicateMember,
    ]

    /// The input ends before the bytes that it announced.
    public static let truncated = Code("truncated")
    /// The first bytes are no `REDIS` or `VALKEY` header.
    public static let notRDB = Code("notRDB")
    /// A version this reader does not know.
    public static let unsupportedVersion = Code("unsupportedVersion")
    /// A byte that is neither an opcode nor a value type of this vendor.
    public static let unknownValueType = Code("unknownValueType")
    /// A type that is known but cannot be read (module values of 4.0 release candidates).
    public static let unsupportedValueType = Code("unsupportedValueType")
    /// An invalid length prefix, or a length that no file can hold.
    @usableFromInline package static let badLength = Code("badLength")
    /// A string with an unknown encoding.
    @usableFromInline package static let badString = Code("badString")
    /// A string longer than the limit the caller set.
    public static let stringTooLong = Code("stringTooLong")
    /// LZF data that does not decompress to the announced size.
    @usableFromInline package static let corruptLZF = Code("corruptLZF")
    /// A listpack that contradicts itself.
    @usableFromInline package static let corruptListpack = Code("corruptListpack")
    /// A ziplist that contradicts itself.
    @usableFromInline package static let corruptZiplist = Code("corruptZiplist")
    /// An intset that contradicts itself.
    @usableFromInline package static let corruptIntset = Code("corruptIntset")
    /// A zipmap that contradicts itself.
    @usableFromInline package static let corruptZipmap = Code("corruptZipmap")
    /// A quicklist node that is invalid.
    @usableFromInline package static let corruptQuicklist = Code("corruptQuicklist")
    /// A stream whose entries, groups or consumers are invalid.
    @usableFromInline package static let corruptStream = Code("corruptStream")
    /// A module's value or data whose parts are invalid.
    @usableFromInline package static let corruptModule = Code("corruptModule")
    /// An array whose parts are invalid.
    @usableFromInline package static let corruptArray = Code("corruptArray")
    /// A hash template that is invalid or missing, or a hash that does not match its template.
    @usableFromInline package static let corruptHashTemplate = Code("corruptHashTemplate")
    /// A hash whose field expiries are invalid.
    @usableFromInline package static let corruptHash = Code("corruptHash")
    /// A score that is not a number, or not text of one.
    @usableFromInline package static let badScore = Code("badScore")
    /// An opcode whose payload is wrong, or that is not allowed at its offset.
    @usableFromInline package static let corruptOpcode = Code("corruptOpcode")
    /// The same member, field or element twice in one packed value.
    @usableFromInline package static let duplicateMember = Code("duplicateMember")
    /// The CRC64 at the end differs from that of the bytes read.
    public static let checksumMismatch = Code("checksumMismatch")
    /// Unknown bytes after the end of the snapshot.
    package static let trailingBytes = Code("trailingBytes")
    /// Compressed input (gzip, zstd, LZ4) that does not decompress.
    @usableFromInline package static let corruptCompression = Code("corruptCompression")
    /// A RESP file that is cut or malformed.
    @usableFromInline package static let corruptRESP = Code("corruptRESP")
    /// A file could not be opened, read, written or positioned. ``RDBError/path`` names the file.
    public static let io = Code("io")
    /// The program that reads the output has closed it (EPIPE).
    public static let outputClosed = Code("outputClosed")
    /// The snapshot cannot be converted with the chosen options; ``RDBError/found`` gives the reason.
    public static let refused = Code("refused")
    /// One owned value is larger than the caller's limit.
    package static let valueTooLarge = Code("valueTooLarge")
    /// Data that the chosen version, type or packed form cannot hold was written.
    package static let notRepresentable = Code("notRepresentable")
    /// A value was written with fewer or more parts than were announced, or in the wrong order.
    package static let misplaced = Code("misplaced")
    /// A sink threw an error of its own: ``RDBError/underlying``.
    public static let sink = Code("sink")
    /// A sink ended the reading. Readers catch this error and return normally.
    @usableFromInline package static let stop = Code("stop")
  }

  @usableFromInline
  final class Storage: Sendable {
    let code: Code
    let offset: Int
    let innerOffset: Int?
    let key: [UInt8]?
    let database: UInt64?
    let valueType: String?
    let expected: String
    let found: String
    let systemError: Int32?
    let missing: UInt64
    let underlying: (any Error)?
    let path: String?
    let needsInput: Bool

    init(
      _ code: Code, _ offset: Int, _ innerOffset: Int?, _ key: [UInt8]?, _ database: UInt64?,
      _ valueType: String?, _ expected: String, _ found: String, _ systemError: Int32?,
      _ missing: UInt64, _ underlying: (any Error)?, _ path: String?, _ needsInput: Bool = false
    ) {
      self.code = code
      self.offset = offset
      self.innerOffset = innerOffset
      self.key = key
      self.database = database
      self.valueType = valueType
      self.expected = expected
      self.found = found
      self.systemError = systemError
      self.missing = missing
      self.underlying = underlying
      self.path = path
      self.needsInput = needsInput
    }
  }

  @usableFromInline let storage: Storage

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - code: The reason for the error.
  ///   - offset: The file offset, in bytes; in compressed input, the offset in the decompressed bytes.
  ///   - innerOffset: The index inside a packed or LZF-compressed value that begins at `offset`.
  ///   - expected: What was expected, as a noun phrase.
  ///   - found: What was found, as a noun phrase.
  ///   - key: The name of the key being read.
  ///   - database: The number of that key's database.
  ///   - valueType: The name of that key's value type.
  ///   - systemError: `errno`, if a system call failed.
  ///   - missing: Of a `truncated` error: the number of bytes that are missing at least.
  ///   - underlying: The error that caused this one, if it began outside this package.
  ///   - path: The file that an `io` error concerns.
  @usableFromInline package init(
    _ code: Code, at offset: Int, inner innerOffset: Int? = nil, expected: String, found: String,
    key: [UInt8]? = nil, database: UInt64? = nil, valueType: String? = nil, systemError: Int32? = nil,
    missing: UInt64 = 0, underlying: (any Error)? = nil, path: String? = nil
  ) {
    storage = Storage(
      code, offset, innerOffset, key, database, valueType, expected, found, systemError, missing, underlying, path)
  }

  /// Creates a `truncated` error: `expected` bytes should begin at `offset`, but only `found` do.
  ///
  /// One allocation: a reader makes this error once per refill of its window, and drops it.
  init(truncatedAt offset: Int, expected: UInt64, found: Int, needsInput: Bool) {
    storage = Storage(
      .truncated, offset, nil, nil, nil, nil, "\(expected) byte\(expected == 1 ? "" : "s")", "\(found)", nil,
      expected - UInt64(found), nil, nil, needsInput)
  }

  /// Makes a copy that differs from `error` only in ``needsInput``.
  init(_ error: RDBError, needsInput: Bool) {
    let old = error.storage
    storage = Storage(
      old.code, old.offset, old.innerOffset, old.key, old.database, old.valueType, old.expected, old.found,
      old.systemError, old.missing, old.underlying, old.path, needsInput)
  }

  /// The error that a reader throws for an error of a sink.
  ///
  /// - Returns: `error` itself if it is an ``RDBError``, else an error of code ``Code/sink`` whose
  ///   ``underlying`` is `error`.
  @inline(never)
  @usableFromInline package static func fromSink(_ error: any Error, at offset: Int) -> RDBError {
    if let error = error as? RDBError { return error }
    return RDBError(
      .sink, at: offset, expected: "a sink without an error", found: "\(error)", underlying: error)
  }

  /// The error that a sink throws to end the reading. The reader then returns normally.
  public static let stop = RDBError(.stop, at: 0, expected: "more", found: "enough")

  /// The reason for the error.
  public var code: Code { storage.code }
  /// The file offset, in bytes; in an output error, the number of bytes written so far.
  public var offset: Int { storage.offset }
  /// The index inside the packed or compressed value that begins at ``offset``.
  public var innerOffset: Int? { storage.innerOffset }
  /// The key being read, once its name was known.
  public var key: [UInt8]? { storage.key }
  /// The number of the database being read, once it was known.
  public var database: UInt64? { storage.database }
  /// The value type's name (``ValueType/name``), once it was known.
  public var valueType: String? { storage.valueType }
  /// What was expected, as a noun phrase.
  public var expected: String { storage.expected }
  /// What was found, as a noun phrase.
  public var found: String { storage.found }
  /// `errno`, if a system call failed.
  public var systemError: Int32? { storage.systemError }
  /// Of a `truncated` error: the number of bytes that are missing at least.
  @usableFromInline package var missing: UInt64 { storage.missing }
  /// The path of the file that could not be opened, read or written, if it was opened by its path.
  public var path: String? { storage.path }
  /// The error of a sink or source, unchanged; `nil` if the error began in this package.
  public var underlying: (any Error)? { storage.underlying }

  /// Whether the input of a parser ended, so that the parser may continue with more input.
  ///
  /// Never `true` in an error that leaves a reader, so that an error of a sink is not mistaken for one.
  @usableFromInline package var needsInput: Bool { storage.needsInput }

  /// The same error, without ``needsInput``.
  @usableFromInline package var settled: RDBError { needsInput ? RDBError(self, needsInput: false) : self }

  /// Returns the error with the key in which it occurred. An error that has a key keeps it.
  @usableFromInline package func adding(key: [UInt8]?, database: UInt64?, valueType: String?) -> RDBError {
    RDBError(
      code, at: offset, inner: innerOffset, expected: expected, found: found,
      key: self.key ?? key, database: self.database ?? database,
      valueType: self.valueType ?? valueType, systemError: systemError, missing: missing,
      underlying: underlying, path: path)
  }
}

extension RDBError: CustomStringConvertible {
  /// `corruptListpack at offset 812 + 7 in key "cart:9" (hash_listpack, db 0): expected …, found …`
  public var description: String {
    var text = "\(code) at offset \(offset)"
    if let path { text += " of \(path)" }
    if let innerOffset { text += " + \(innerOffset)" }
    if let key {
      text += " in key \(printable(key))"
      var details: [String] = []
      if let valueType { details.append(valueType) }
      if let database { details.append("db \(database)") }
      if !details.isEmpty { text += " (" + details.joined(separator: ", ") + ")" }
    }
    return text + ": expected \(expected), found \(found)"
  }
}
