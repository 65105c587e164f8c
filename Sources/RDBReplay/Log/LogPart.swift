import RDB

/// A file of a log.
package struct LogPart {
  /// The role of a file.
  package enum Role: String, Hashable, Sendable {
    /// The only file of the log.
    case only
    /// The file that the others add to.
    case base
    /// Commands that were written after the base.
    case incremental
  }

  /// The file's name without its folder, as messages show it; `nil` if the log is not made of named files.
  package let name: String?
  package let role: Role
  /// Opens the file.
  ///
  /// - Throws: ``RDBError`` (`io`).
  package let open: () throws -> any ByteSource

  package init(name: String?, role: Role, open: @escaping () throws -> any ByteSource) {
    (self.name, self.role, self.open) = (name, role, open)
  }
}
