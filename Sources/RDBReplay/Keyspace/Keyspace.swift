import RDB
import RDBFormat

/// A key's value and expiry.
package struct ReplayedKey {
  package var value: ReplayedValue
  /// The time at which the key expires; `nil`: never. Nothing expires while a file is replayed.
  package var expiry: UnixMilliseconds?
  /// Idle time, LFU counter and KEY_META that came with a snapshot.
  package var attributes = KeyAttributes()

  package init(_ value: ReplayedValue, expiry: UnixMilliseconds? = nil) {
    (self.value, self.expiry) = (value, expiry)
  }
}

/// The databases and function libraries that commands build.
package struct Keyspace {
  /// The databases by number. One without keys may be missing.
  package var databases: [UInt64: ByteTable<ReplayedKey>] = [:]
  /// The code of the function libraries by their names.
  package var libraries = ByteTable<[UInt8]>()

  package init() {}

  /// The code of the function libraries in the order of their loading.
  package var libraryCodes: [[UInt8]] {
    var codes: [[UInt8]] = []
    libraries.forEach { _, code in codes.append(code) }
    return codes
  }

  /// The numbers of the databases that have keys, ascending.
  package var databaseNumbers: [UInt64] { databases.filter { !$0.value.isEmpty }.keys.sorted() }
}
