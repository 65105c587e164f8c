import CSQLite
import RDBSupport

/// A prepared INSERT. Each row binds every parameter, from left to right, and then writes.
///
/// SQLite reads bytes where they are: they are borrowed until the row is written.
final class RowInsertion {
  private let database: Connection
  private let handle: OpaquePointer
  private let parameterCount: Int32
  private var bound: Int32 = 0

  /// - Parameter columns: The number of columns of the table, which are all written.
  /// - Throws: ``SQLiteError``.
  init(into table: String, columns: Int, _ database: Connection) throws {
    let marks = Array(repeating: "?", count: columns).joined(separator: ", ")
    var compiled: OpaquePointer?
    let result = sqlite3_prepare_v2(database.handle, "INSERT INTO \(table) VALUES (\(marks))", -1, &compiled, nil)
    guard result == SQLITE_OK, let compiled else { throw SQLiteError(result, of: database.handle) }
    (self.database, handle) = (database, compiled)
    parameterCount = Int32(columns)
  }

  deinit { sqlite3_finalize(handle) }

  @inline(__always) private func next() -> Int32 {
    bound += 1
    return bound
  }

  func integer(_ value: Int64) { sqlite3_bind_int64(handle, next(), value) }
  /// A number above 2^63 − 1 is written as that: SQLite has no larger integer.
  func integer(_ value: UInt64) { integer(Int64(clamping: value)) }
  func null() { sqlite3_bind_null(handle, next()) }
  func integer(_ value: UInt64?) { if let value { integer(value) } else { null() } }
  func integer(_ value: Int64?) { if let value { integer(value) } else { null() } }
  func real(_ value: Double) { sqlite3_bind_double(handle, next(), value) }

  func text(_ value: StaticString) {
    sqlite3_bind_text(
      handle, next(), UnsafeRawPointer(value.utf8Start).assumingMemoryBound(to: CChar.self),
      Int32(value.utf8CodeUnitCount),
      nil)
  }

  /// A text, which SQLite copies.
  func text(_ value: String) {
    sqlite3_bind_text64(handle, next(), value, UInt64(value.utf8.count), Self.copies, UInt8(SQLITE_UTF8))
  }

  /// Bytes, then their text twin.
  func bytesAndText(_ bytes: RawSpan) {
    self.bytes(bytes)
    bytes.withUnsafeBytes { bytes in
      guard Self.isText(bytes) else { return null() }
      guard let start = bytes.baseAddress else { return text("") }
      sqlite3_bind_text64(
        handle, next(), start.assumingMemoryBound(to: CChar.self), UInt64(bytes.count), nil, UInt8(SQLITE_UTF8))
    }
  }

  func bytes(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { bytes in
      // A null pointer would be NULL.
      guard let start = bytes.baseAddress else {
        sqlite3_bind_zeroblob(handle, next(), 0)
        return
      }
      sqlite3_bind_blob64(handle, next(), start, UInt64(bytes.count), nil)
    }
  }

  /// Writes the row.
  func write() throws {
    precondition(bound == parameterCount, "a row lacks columns")
    bound = 0
    let result = sqlite3_step(handle)
    sqlite3_reset(handle)
    guard result == SQLITE_DONE else { throw SQLiteError(result, of: database.handle) }
  }

  /// SQLITE_TRANSIENT, a macro that Swift does not import.
  private static let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  /// Whether bytes are UTF-8 without NUL, at which text functions of SQLite would end.
  private static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var all: UInt8 = 0
    for byte in bytes {
      if byte == 0 { return false }
      all |= byte
    }
    return all < 0x80 || String(validating: bytes, as: UTF8.self) != nil
  }
}
