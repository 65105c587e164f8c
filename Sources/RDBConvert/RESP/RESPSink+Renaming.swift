import RDB
import RESP

/// Temporary names, under which a key is built while the server keeps the existing key.
extension RESPSink {
  /// Removes the existing key, or chooses a temporary name and removes the key of that name.
  @inline(never)
  mutating func makeRoomForKey() throws(RDBError) {
    if buildsApart {
      key.usesTemporary = true
      temporary.set(TemporaryName.of(name.array))
    }
    try unlinkKey()
  }

  /// Renames the complete key from its temporary name, and sets its expiry.
  @inline(never)
  mutating func renameKey() throws(RDBError) {
    if options.existing == .keep { try renameToFreeName() } else { try renameOverKey() }
  }

  private mutating func renameToFreeName() throws(RDBError) {
    if key.hasExpiry { try expire() }
    try rename("$8\r\nRENAMENX\r\n")
    try unlinkKey()
  }

  /// Replaces the existing key at once.
  ///
  /// An expiry that has passed deletes the key as soon as it is set. The existing key must then go too, so the expiry is
  /// set after the renaming, in the same transaction. If all fields of a hash have expired, there is nothing to rename:
  /// the transaction removes the existing key first.
  private mutating func renameOverKey() throws(RDBError) {
    let isTransaction = key.hasExpiry || key.hasFieldExpiries
    if isTransaction {
      try out.begin(1)
      try out.text("$5\r\nMULTI\r\n")
    }
    key.usesTemporary = false
    if key.hasFieldExpiries { try unlinkKey() }
    try rename("$6\r\nRENAME\r\n")
    if key.hasExpiry { try expire() }
    if isTransaction {
      try out.begin(1)
      try out.text("$4\r\nEXEC\r\n")
    }
  }

  private mutating func rename(_ command: StaticString) throws(RDBError) {
    try out.begin(3)
    try out.text(command)
    try out.name(temporary)
    try out.name(name)
  }

  /// Writes the removal of the key, or of the key with its temporary name.
  private mutating func unlinkKey() throws(RDBError) {
    try out.begin(2)
    try out.text("$6\r\nUNLINK\r\n", or: "$3\r\nDEL\r\n", if: can.unlink)
    try keyName()
  }
}
