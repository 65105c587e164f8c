import RDB
import RDBFormat

/// The commands that replace or remove a whole string.
extension Execution {
  func set(_ command: ReplayCommand) throws {
    let options = try setOptions(command, from: 3, .set)
    let name = command[1]
    if options.getsFormer { _ = try string(name) }
    switch options.condition {
    case .none: break
    case .absent: if exists(name) { return }
    case .present: if !exists(name) { return }
    case .equal(let value): if try string(name) != value { return }
    case .notEqual(let value): if try string(name) == value { return }
    }
    setString(name, command[2], options.expiry)
  }

  /// Sets a string with the expiry that an option asks for.
  private func setString(_ name: [UInt8], _ value: [UInt8], _ option: SetOptions.Expiry) {
    var expiry: UnixMilliseconds?
    switch option {
    case .unchanged, .persist: break
    case .keep: expiry = self.expiry(of: name)
    case .at(let time): expiry = time
    }
    set(name, .string(value, isRaw: false), expiry: expiry)
  }

  /// The key's expiry; `nil` if it has none or does not exist.
  private func expiry(of name: [UInt8]) -> UnixMilliseconds? {
    keys.index(of: name).flatMap { keys[valueAt: $0].expiry }
  }

  func setnx(_ command: ReplayCommand) throws {
    if !exists(command[1]) { set(command[1], .string(command[2], isRaw: false)) }
  }

  func setex(_ command: ReplayCommand) throws {
    let time = try time(command, 2, inSeconds: true, isRelative: true, mustBePositive: true)
    set(command[1], .string(command[3], isRaw: false), expiry: time)
  }

  func psetex(_ command: ReplayCommand) throws {
    let time = try time(command, 2, inSeconds: false, isRelative: true, mustBePositive: true)
    set(command[1], .string(command[3], isRaw: false), expiry: time)
  }

  func getset(_ command: ReplayCommand) throws {
    _ = try string(command[1])
    set(command[1], .string(command[2], isRaw: false))
  }

  func getex(_ command: ReplayCommand) throws {
    let isPresent = try string(command[1]) != nil
    // Redis does not look at the time if there is no key.
    let options = try setOptions(
      command, from: 2, .getex, readsTime: isPresent || limits.server.vendor == .valkey)
    guard isPresent else { return }
    switch options.expiry {
    case .unchanged, .keep: break
    case .persist: setExpiry(command[1], nil)
    // Nothing expires while a file is replayed: a time in the past is set too.
    case .at(let time): setExpiry(command[1], time)
    }
  }

  func getdel(_ command: ReplayCommand) throws {
    if try string(command[1]) != nil { remove(command[1]) }
  }

  func delifeq(_ command: ReplayCommand) throws {
    if try string(command[1]) == command[2] { remove(command[1]) }
  }

  /// `DELEX key [IFEQ value | IFNE value | IFDEQ digest | IFDNE digest]`.
  func delex(_ command: ReplayCommand) throws {
    if command.count == 2 {
      remove(command[1])
      return
    }
    guard command.count == 4 else { throw CommandError.wrongArgumentCount }
    switch command.lowercased(2) {
    case "ifeq": if let value = try string(command[1]), value == command[3] { remove(command[1]) }
    case "ifne": if let value = try string(command[1]), value != command[3] { remove(command[1]) }
    case "ifdeq", "ifdne": throw NotReplayed("the digest of a value is not computed")
    default: throw CommandError.syntax
    }
  }

  // MARK: Several keys

  func mset(_ command: ReplayCommand) throws {
    guard command.count % 2 == 1 else { throw CommandError.wrongArgumentCount }
    for index in stride(from: 1, to: command.count, by: 2) {
      set(command[index], .string(command[index + 1], isRaw: false))
    }
  }

  func msetnx(_ command: ReplayCommand) throws {
    guard command.count % 2 == 1 else { throw CommandError.wrongArgumentCount }
    for index in stride(from: 1, to: command.count, by: 2) where exists(command[index]) { return }
    try mset(command)
  }

  /// `MSETEX numkeys key value [key value …] [NX | XX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]`.
  func msetex(_ command: ReplayCommand) throws {
    guard let count = try? command.integer(1), count > 0, count <= Int32.max else {
      throw CommandError("the number of keys is out of range")
    }
    let end = 2 + 2 * Int(count)
    guard end <= command.count else { throw CommandError.syntax }
    let options = try setOptions(command, from: end, .msetex)
    for index in stride(from: 2, to: end, by: 2) {
      if options.condition == .absent, exists(command[index]) { return }
      if options.condition == .present, !exists(command[index]) { return }
    }
    for index in stride(from: 2, to: end, by: 2) { setString(command[index], command[index + 1], options.expiry) }
  }
}
