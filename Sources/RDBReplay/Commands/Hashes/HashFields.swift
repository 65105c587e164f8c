import RDB
import RDBFormat

extension CommandError {
  static let hashNotInteger = CommandError("the field's value is not an integer")
  static let hashNotFloat = CommandError("the field's value is not a number")
}

extension Execution {
  /// HSET and HMSET. A field that had an expiry loses it.
  func setHashFields(_ command: ReplayCommand) throws {
    guard command.count.isMultiple(of: 2) else { throw CommandError.wrongArgumentCount }
    let hash = try hashToFill(command[1])
    hash.prepare(for: command.arguments[2...], limits)
    for index in stride(from: 2, to: command.count, by: 2) {
      hash.add(command[index], ReplayedHash.Field(command[index + 1]), limits)
    }
  }

  /// HSETNX.
  func setNewHashField(_ command: ReplayCommand) throws {
    if let hash = try hash(command[1]), isVisible(command[2], in: hash) { return }
    let hash = try hashToFill(command[1])
    hash.prepare(for: command.arguments[2...3], limits)
    hash.add(command[2], ReplayedHash.Field(command[3]), limits)
  }

  /// HDEL.
  func deleteHashFields(_ command: ReplayCommand) throws {
    guard let hash = try hash(command[1]) else { return }
    for field in command.arguments[2...] { hash.remove(field) }
    removeIfEmpty(command[1], hash)
  }

  /// HINCRBY. The field keeps its expiry.
  func incrementHashField(_ command: ReplayCommand) throws {
    let increment = try command.integer(3)
    var field = ReplayedHash.Field([])
    var value: Int64 = 0
    if let hash = try hash(command[1]), let former = hash.fields[command[2]] {
      field = former
      if isVisible(command[2], in: hash) {
        guard let number = canonicalInteger(former.value) else { throw CommandError.hashNotInteger }
        value = number
      }
    }
    let (sum, overflow) = value.addingReportingOverflow(increment)
    if overflow { throw CommandError.overflow }
    field.value = Array(String(sum).utf8)
    try hashToFill(command[1]).add(command[2], field, limits)
  }

  /// HINCRBYFLOAT. The field keeps its expiry.
  func incrementHashFieldByFloat(_ command: ReplayCommand) throws {
    guard let increment = FloatText.longDouble(command[3]) else { throw CommandError.notFloat }
    var field = ReplayedHash.Field([])
    var value: LongDouble = 0
    if let hash = try hash(command[1]), let former = hash.fields[command[2]] {
      field = former
      if isVisible(command[2], in: hash) {
        guard let number = FloatText.longDouble(former.value) else { throw CommandError.hashNotFloat }
        value = number
      }
    }
    let sum = value + increment
    guard sum.isFinite else { throw CommandError.overflow }
    field.value = sum.incrementText
    try hashToFill(command[1]).add(command[2], field, limits)
  }

  /// The hash at a key, which is created if it does not exist: the command will add a field.
  ///
  /// - Throws: ``CommandError/wrongType``.
  func hashToFill(_ name: [UInt8]) throws -> ReplayedHash {
    if let hash = try hash(name) { return hash }
    set(name, .hash(ReplayedHash(limits)))
    return try hash(name)!
  }

  /// Whether commands that read a field find it. Redis hides an expired field from them, even while it loads a file.
  /// The hidden field remains in the hash.
  func isVisible(_ field: [UInt8], in hash: ReplayedHash) -> Bool {
    guard let index = hash.fields.index(of: field) else { return false }
    guard limits.server.vendor == .redis, let expiry = hash.fields[valueAt: index].expiry else { return true }
    return expiry > now
  }
}

extension ReplayedHash {
  /// Sets a field, and changes the encoding if it does not fit.
  func add(_ name: [UInt8], _ field: Field, _ limits: EncodingLimits) {
    if encoding != .hashtable, name.count > limits.hashByteCount || field.value.count > limits.hashByteCount {
      encoding = .hashtable
    }
    set(name, field)
    if fields.count > limits.hashEntries { encoding = .hashtable }
  }

  /// Changes the encoding before fields and values are added, as servers do at the beginning of a command.
  func prepare(for fieldsAndValues: ArraySlice<[UInt8]>, _ limits: EncodingLimits) {
    let hasManyFields = limits.server.isAtLeast(7, 2) && fieldsAndValues.count / 2 > limits.hashEntries
    if hasManyFields || fieldsAndValues.contains(where: { $0.count > limits.hashByteCount }) { encoding = .hashtable }
  }
}
