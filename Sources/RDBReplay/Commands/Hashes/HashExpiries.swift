import RDB
import RDBFormat

extension CommandError {
  static let invalidFieldCount = CommandError("the number of fields does not match the arguments")
}

/// The options of a command on field expiries.
private struct FieldOptions {
  /// The time named by EX, PX, EXAT or PXAT.
  var expiry: UnixMilliseconds?
  /// Whether expiries are removed (PERSIST) or kept (KEEPTTL).
  var persists = false
  var keepsExpiries = false
  /// Whether the fields, or the key, must exist (`true`) or must not exist (`false`).
  var fieldsExist: Bool?
  var keyExists: Bool?
  /// The indexes of the fields among the arguments, with the step from one to the next.
  var fields: [Int] = []
}

extension Execution {
  /// HEXPIRE, HPEXPIRE, HEXPIREAT and HPEXPIREAT with NX, XX, GT and LT.
  ///
  /// A time in the past is stored like any other: a server that loads a file deletes no expired field.
  func expireHashFields(_ command: ReplayCommand) throws {
    let hash = try hash(command[1])
    let name = command.lowercased(0)
    let expiry = try fieldTime(
      command, 2, inSeconds: !name.hasPrefix("hp"), isRelative: !name.hasSuffix("at"))
    var condition: String?
    var index = 3
    while index < command.count, !command.isWord(index, "fields") {
      let word = command.lowercased(index)
      guard ["nx", "xx", "gt", "lt"].contains(word), condition == nil else { throw CommandError.syntax }
      condition = word
      index += 1
    }
    let fields = try fieldIndexes(command, after: index, step: 1)
    guard let hash else { return }
    if limits.server.vendor == .redis { hash.prepareForExpiries() }
    for field in fields {
      guard let index = hash.fields.index(of: command[field]) else { continue }
      let former = hash.fields[valueAt: index].expiry
      let applies =
        switch condition {
        case "nx": former == nil
        case "xx": former != nil
        case "gt": former.map { expiry > $0 } ?? false
        case "lt": former.map { expiry < $0 } ?? true
        default: true
        }
      if applies { setFieldExpiry(expiry, at: index, in: hash) }
    }
  }

  /// HPERSIST.
  func persistHashFields(_ command: ReplayCommand) throws {
    let hash = try hash(command[1])
    guard command.isWord(2, "fields") else { throw CommandError.syntax }
    let fields = try fieldIndexes(command, after: 2, step: 1)
    guard let hash else { return }
    for field in fields where isVisible(command[field], in: hash) {
      if let index = hash.fields.index(of: command[field]) { hash.setExpiry(at: index, nil) }
    }
  }

  /// HSETEX.
  func setExpiringHashFields(_ command: ReplayCommand) throws {
    let options = try fieldOptions(
      command,
      words: ["fnx", "fxx", "ex", "px", "exat", "pxat", "keepttl"]
        + (limits.server.vendor == .valkey ? ["nx", "xx"] : []), step: 2)
    let former = try hash(command[1])
    if let exists = options.keyExists, exists != (former != nil) { return }
    if let exists = options.fieldsExist {
      for index in options.fields {
        if (former.map { isVisible(command[index], in: $0) } ?? false) != exists { return }
      }
    }
    let hash = try hashToFill(command[1])
    hash.prepare(for: command.arguments[options.fields[0]..<options.fields[0] + 2 * options.fields.count], limits)
    if options.expiry != nil { prepareForExpiries(hash) }
    for index in options.fields {
      let kept = options.keepsExpiries ? hash.fields[command[index]]?.expiry : nil
      hash.add(command[index], ReplayedHash.Field(command[index + 1], expiry: options.expiry ?? kept), limits)
    }
  }

  /// HGETEX.
  func changeHashExpiries(_ command: ReplayCommand) throws {
    let hash = try hash(command[1])
    let options = try fieldOptions(command, words: ["ex", "px", "exat", "pxat", "persist"], step: 1)
    guard let hash else { return }
    let changes = options.expiry != nil || options.persists
    if changes, limits.server.vendor == .redis { hash.prepareForExpiries() }
    for field in options.fields where isVisible(command[field], in: hash) {
      guard let index = hash.fields.index(of: command[field]) else { continue }
      if let expiry = options.expiry {
        setFieldExpiry(expiry, at: index, in: hash)
      } else if options.persists {
        hash.setExpiry(at: index, nil)
      }
    }
  }

  /// HGETDEL.
  func takeHashFields(_ command: ReplayCommand) throws {
    let hash = try hash(command[1])
    guard command.isWord(2, "fields") else { throw CommandError.syntax }
    let fields = try fieldIndexes(command, after: 2, step: 1)
    guard let hash else { return }
    for field in fields where isVisible(command[field], in: hash) { hash.remove(command[field]) }
    removeIfEmpty(command[1], hash)
  }

  // MARK: Arguments

  /// Returns the indexes of the fields. The word FIELDS is at `index`, and the number of fields follows it.
  private func fieldIndexes(_ command: ReplayCommand, after index: Int, step: Int) throws(CommandError) -> [Int] {
    guard index + 1 < command.count else { throw .wrongArgumentCount }
    let count = try command.integer(index + 1)
    guard count >= 1, count == Int64((command.count - index - 2) / step), (command.count - index - 2) % step == 0
    else { throw .invalidFieldCount }
    return Array(stride(from: index + 2, to: command.count, by: step))
  }

  private func fieldOptions(
    _ command: ReplayCommand, words: [String], step: Int
  ) throws(CommandError) -> FieldOptions {
    var options = FieldOptions()
    var index = 2
    while index < command.count, !command.isWord(index, "fields") {
      let word = command.lowercased(index)
      guard words.contains(word) else { throw .syntax }
      let hasExpiry = options.expiry != nil || options.persists || options.keepsExpiries
      switch word {
      case "fnx", "fxx":
        guard options.fieldsExist == nil else { throw .syntax }
        options.fieldsExist = word == "fxx"
      case "nx", "xx":
        guard options.keyExists == nil else { throw .syntax }
        options.keyExists = word == "xx"
      case "persist", "keepttl":
        guard !hasExpiry else { throw .syntax }
        if word == "persist" { options.persists = true } else { options.keepsExpiries = true }
      default:
        guard !hasExpiry, index + 1 < command.count else { throw .syntax }
        options.expiry = try fieldTime(
          command, index + 1, inSeconds: word.hasPrefix("e"), isRelative: !word.hasSuffix("at"))
        index += 1
      }
      index += 1
    }
    options.fields = try fieldIndexes(command, after: index, step: step)
    return options
  }

  /// The time that an argument names, within the limits of field expiries.
  private func fieldTime(
    _ command: ReplayCommand, _ index: Int, inSeconds: Bool, isRelative: Bool
  ) throws(CommandError) -> UnixMilliseconds {
    guard try command.integer(index) >= 0 else { throw .invalidExpiry }
    let expiry = try time(command, index, inSeconds: inSeconds, isRelative: isRelative, mustBePositive: false)
    if limits.server.vendor == .redis, expiry.value > ServerVersion.latestRedisFieldExpiry { throw .invalidExpiry }
    return expiry
  }

  private func setFieldExpiry(_ expiry: UnixMilliseconds, at index: Int, in hash: ReplayedHash) {
    hash.setExpiry(at: index, expiry)
    if limits.server.vendor == .valkey { hash.encoding = .hashtable }
  }

  private func prepareForExpiries(_ hash: ReplayedHash) {
    if limits.server.vendor == .redis { hash.prepareForExpiries() } else { hash.encoding = .hashtable }
  }
}

extension ReplayedHash {
  /// Changes a listpack to a listpack with expiries, as Redis does before it sets an expiry.
  func prepareForExpiries() {
    if encoding == .listpack { encoding = .listpackex }
  }
}
