import RDB
import RESP

/// Temporary names, under which a key is built while the server keeps the existing key, and transactions.
extension RESPSink {
  /// Removes the existing key, or chooses a temporary name and removes the key of that name, or begins a transaction.
  @inline(never)
  mutating func makeRoomForKey() throws(RDBError) {
    if options.isolatesKeys {
      key.isTransaction = true
      try out.begin(1)
      try out.text("$5\r\nMULTI\r\n")
      if options.existing == .replace { try unlinkKey() }
      return
    }
    if buildsApart {
      key.usesTemporary = true
      temporary.set(TemporaryName.of(name.array))
    }
    try unlinkKey()
    key.commandCountBefore = out.commandCount
  }

  /// Renames the complete key from its temporary name, and sets its expiry.
  @inline(never)
  mutating func renameKey() throws(RDBError) {
    if options.existing == .keep { try renameToFreeName() } else { try renameOverKey() }
  }

  private mutating func renameToFreeName() throws(RDBError) {
    let isTransaction = options.keepsWhole && out.commandCount - key.commandCountBefore > 1
    if key.hasExpiry { try expire() }
    if options.marksKeys, out.commandCount - key.commandCountBefore > 1 { try mark(.publication, named: []) }
    if isTransaction { try beginTransaction() }
    try rename("$8\r\nRENAMENX\r\n")
    if isTransaction { try endTransaction() }
    try unlinkKey()
  }

  /// Replaces the existing key at once.
  ///
  /// A server without free memory refuses commands that add to a key, but not RENAME: a part of the key would replace the
  /// existing one. So a key of several commands is renamed in a transaction with such a command, which fails as a whole. A
  /// key of one command is not there to be renamed if the command was refused.
  ///
  /// An expiry that has passed deletes the key as soon as it is set. The existing key must then go too, so the expiry is
  /// set after the renaming, in the same transaction. If all fields of a hash have expired, there is nothing to rename:
  /// the transaction removes the existing key first.
  private mutating func renameOverKey() throws(RDBError) {
    let isTransaction = key.hasExpiry || key.hasFieldExpiries || out.commandCount - key.commandCountBefore > 1
    if options.marksKeys, isTransaction { try mark(.publication, named: []) }
    if isTransaction { try beginTransaction() }
    key.usesTemporary = false
    if key.hasFieldExpiries { try unlinkKey() }
    try rename("$6\r\nRENAME\r\n")
    if key.hasExpiry { try expire() }
    if isTransaction { try endTransaction() }
  }

  /// Begins a transaction that fails as a whole if the server has no free memory.
  private mutating func beginTransaction() throws(RDBError) {
    try out.begin(1)
    try out.text("$5\r\nMULTI\r\n")
    if can.variadicPush { try addNothing() }
  }

  mutating func endTransaction() throws(RDBError) {
    key.isTransaction = false
    try out.begin(1)
    try out.text("$4\r\nEXEC\r\n")
  }

  /// Ends the transaction of a key that is damaged: nothing of it is written.
  mutating func discardTransaction() throws(RDBError) {
    key.isTransaction = false
    if openCommand.isOpen { try closeCommand() }
    try out.begin(1)
    try out.text("$7\r\nDISCARD\r\n")
  }

  /// Writes a command that needs free memory but changes nothing: it adds to a list that does not exist.
  private mutating func addNothing() throws(RDBError) {
    try out.begin(3)
    try out.text("$6\r\nRPUSHX\r\n")
    try out.bulk(TemporaryName.of(name.array, attempt: TemporaryName.unusedAttempt))
    try out.text("$1\r\n?\r\n")
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
