import RDB
import RDBFormat
import RDBSupport

/// A sink around a sink that gives keys other names and databases.
package struct RenamingSink<Base: FoldingSink & ~Copyable>: ForwardingSink, FoldingSink, ~Copyable {
  /// Puts the new name of a key into an array. Returns whether the key gets a new name.
  package typealias Renamer = (RawSpan, inout [UInt8]) throws -> Bool

  package var base: Base
  private let renamer: Renamer?
  private let databases: [UInt64: UInt64]
  private var newName: [UInt8] = []

  /// - Parameters:
  ///   - renamer: Gives keys new names; `nil`: they keep theirs. The sink uses it from one thread.
  ///   - databases: The new number of each database that gets one.
  ///   - base: The sink that receives the keys.
  package init(_ renamer: Renamer?, databases: [UInt64: UInt64] = [:], base: consuming Base) {
    self.base = base
    self.renamer = renamer
    self.databases = databases
  }

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    let database = databases.isEmpty ? key.database : databases[key.database] ?? key.database
    if try renamer?(key.name, &newName) == true {
      let name = newName
      return try key.changing(name: name.span.bytes, database: database, expiry: key.expiry) { try base.beginKey($0) }
    }
    if database == key.database { return try base.beginKey(key) }
    return try key.changing(name: key.name, database: database, expiry: key.expiry) { try base.beginKey($0) }
  }

  package mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {
    try base.databaseSize(database: databases[database] ?? database, keys: keys, expiring: expiring)
  }

  package mutating func endEarly() throws { try base.endEarly() }
  package consuming func finish() throws -> Base.Summary { try base.finish() }
}

extension RenamingSink: OutputSink where Base: OutputSink & ~Copyable {
  package mutating func endBatch() throws { try base.endBatch() }
}
