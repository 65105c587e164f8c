import RDB
import RDBFormat

/// The state that commands are executed on, with the accessors that all commands share.
///
/// A command is a method that takes a ``ReplayCommand`` whose number of arguments fits its row. It changes the
/// keyspace, or throws a ``CommandError`` and has changed nothing, or throws ``NotReplayed``.
package final class Execution {
  package let options: ReplayOptions
  package let limits: EncodingLimits
  package var keyspace = Keyspace()
  /// The current database.
  package var database: UInt64 = 0 {
    didSet { if database != oldValue { exchangeTables(oldValue) } }
  }
  /// The keys of the current database. They are in ``keyspace`` only while another database is current.
  package var keys = ByteTable<ReplayedKey>()
  /// The time from which relative expiries count: that of the last annotation, else ``ReplayOptions/now``.
  package var now: UnixMilliseconds
  /// Memory that the values take, in bytes, roughly.
  package private(set) var byteCount = 0
  /// Values handed out to the current command, with the memory that they took before.
  private var opened: [(value: any ReplayedCollection, byteCount: Int)] = []

  package init(_ options: ReplayOptions) {
    self.options = options
    limits = EncodingLimits(server: options.server)
    now = options.now
  }

  /// Puts the keys of the current database into ``keyspace``, for a reader of the whole keyspace. No command may
  /// follow.
  package func storeCurrentDatabase() {
    keyspace.databases[database] = keys
    keys = ByteTable()
  }

  private func exchangeTables(_ former: UInt64) {
    keyspace.databases[former] = keys
    keys = keyspace.databases.removeValue(forKey: database) ?? ByteTable()
  }

  /// Executes a command, and counts the memory that it takes.
  func execute(_ command: ReplayCommand, _ run: (Execution) -> (ReplayCommand) throws -> Void) throws {
    defer {
      for (value, former) in opened { byteCount += value.byteCount - former }
      opened.removeAll(keepingCapacity: true)
    }
    try run(self)(command)
  }

  // MARK: Keys

  /// The key in the current database; `nil` if it does not exist. A stored value is decoded first.
  package func key(_ name: [UInt8]) throws -> ReplayedKey? {
    guard let index = keys.index(of: name) else { return nil }
    let key = keys[valueAt: index]
    guard case .stored(let stored) = key.value, stored.isDecodable else { return key }
    var decoded = key
    decoded.value = try stored.decoded(limits)
    byteCount += decoded.value.byteCount - key.value.byteCount
    keys[valueAt: index] = decoded
    return decoded
  }

  /// Whether the key exists in the current database.
  package func exists(_ name: [UInt8]) -> Bool { keys.contains(name) }

  /// Sets a key with its expiry, in place of any former value and expiry.
  package func set(_ name: [UInt8], _ value: ReplayedValue, expiry: UnixMilliseconds? = nil) {
    put(name, ReplayedKey(value, expiry: expiry))
  }

  /// Sets a key, in place of any former value and expiry.
  package func put(_ name: [UInt8], _ key: ReplayedKey) {
    close(key.value)
    byteCount += key.value.byteCount + name.count + 64
    if let former = keys.set(name, key) {
      close(former.value)
      byteCount -= former.value.byteCount + name.count + 64
    }
  }

  /// Removes a key.
  ///
  /// - Returns: The key; `nil` if there was none.
  @discardableResult
  package func remove(_ name: [UInt8]) -> ReplayedKey? {
    guard let former = keys.remove(name) else { return nil }
    close(former.value)
    byteCount -= former.value.byteCount + name.count + 64
    return former
  }

  /// Sets the expiry of a key that exists.
  package func setExpiry(_ name: [UInt8], _ expiry: UnixMilliseconds?) {
    if let index = keys.index(of: name) { keys[valueAt: index].expiry = expiry }
  }

  /// Removes the key if its value has no element left, as a server does.
  package func removeIfEmpty(_ name: [UInt8], _ value: any ReplayedCollection) {
    if value.isEmpty { remove(name) }
  }

  /// Removes all keys of the current database.
  package func flushDatabase() {
    keys.forEach { name, key in
      close(key.value)
      byteCount -= key.value.byteCount + name.count + 64
    }
    keys = ByteTable()
  }

  // MARK: Values by type

  /// The string at a key; `nil` if the key does not exist.
  ///
  /// - Throws: ``CommandError/wrongType``.
  package func string(_ name: [UInt8]) throws -> [UInt8]? {
    guard let key = try key(name) else { return nil }
    guard case .string(let bytes, _) = key.value else { throw CommandError.wrongType }
    return bytes
  }

  /// Changes the string at a key in place, which a server then keeps as a raw string.
  ///
  /// - Returns: The result of `change`; `nil` if the key does not exist.
  /// - Throws: ``CommandError/wrongType``, or the error of `change`.
  package func changeString<Result>(_ name: [UInt8], _ change: (inout [UInt8]) throws -> Result) throws -> Result? {
    guard try string(name) != nil, let index = keys.index(of: name),
      case .string(var bytes, _) = keys[valueAt: index].value
    else { return nil }
    // Without a second owner, the bytes are changed without being copied.
    keys[valueAt: index].value = .string([], isRaw: true)
    let former = bytes.count
    defer {
      byteCount += bytes.count - former
      keys[valueAt: index].value = .string(bytes, isRaw: true)
    }
    return try change(&bytes)
  }

  /// Checks that a value may grow.
  ///
  /// - Throws: ``RDBError`` (`replayMemory`): the replay must end.
  package func requireMemory(_ growth: Int, _ command: ReplayCommand) throws {
    let used = options.limitsMemory ? byteCount : 0
    guard growth <= 0 || growth <= options.memoryLimit && used <= options.memoryLimit - growth else {
      throw RDBError.replayMemory(at: command.offset, limit: options.memoryLimit)
    }
  }

  /// The list at a key, to be read or changed; `nil` if the key does not exist.
  ///
  /// - Throws: ``CommandError/wrongType``.
  package func list(_ name: [UInt8]) throws -> ReplayedList? {
    guard let key = try key(name) else { return nil }
    guard case .list(let value) = key.value else { throw CommandError.wrongType }
    return open(value)
  }

  /// The set at a key, to be read or changed; `nil` if the key does not exist.
  ///
  /// - Throws: ``CommandError/wrongType``.
  package func set(_ name: [UInt8]) throws -> ReplayedSet? {
    guard let key = try key(name) else { return nil }
    guard case .set(let value) = key.value else { throw CommandError.wrongType }
    return open(value)
  }

  /// The sorted set at a key, to be read or changed; `nil` if the key does not exist.
  ///
  /// - Throws: ``CommandError/wrongType``.
  package func zset(_ name: [UInt8]) throws -> ReplayedSortedSet? {
    guard let key = try key(name) else { return nil }
    guard case .zset(let value) = key.value else { throw CommandError.wrongType }
    return open(value)
  }

  /// The hash at a key, to be read or changed; `nil` if the key does not exist.
  ///
  /// - Throws: ``CommandError/wrongType``.
  package func hash(_ name: [UInt8]) throws -> ReplayedHash? {
    guard let key = try key(name) else { return nil }
    guard case .hash(let value) = key.value else { throw CommandError.wrongType }
    return open(value)
  }

  /// The stream at a key, to be read or changed; `nil` if the key does not exist.
  ///
  /// - Throws: ``CommandError/wrongType``.
  package func stream(_ name: [UInt8]) throws -> ReplayedStream? {
    guard let key = try key(name) else { return nil }
    guard case .stream(let value) = key.value else { throw CommandError.wrongType }
    return open(value)
  }

  /// Notes that the current command can change the value.
  private func open<C: ReplayedCollection>(_ value: C) -> C {
    if !opened.contains(where: { $0.value === value }) { opened.append((value, value.byteCount)) }
    return value
  }

  /// Adds the change of an opened value's memory to ``byteCount`` before the value enters or leaves the keyspace.
  private func close(_ value: ReplayedValue) {
    guard !opened.isEmpty, let index = opened.firstIndex(where: { $0.value === value.collection }) else { return }
    byteCount += opened[index].value.byteCount - opened[index].byteCount
    opened.remove(at: index)
  }
}

extension ReplayedValue {
  var collection: (any ReplayedCollection)? {
    switch self {
    case .string, .stored: nil
    case .list(let value): value
    case .set(let value): value
    case .zset(let value): value
    case .hash(let value): value
    case .stream(let value): value
    }
  }
}
