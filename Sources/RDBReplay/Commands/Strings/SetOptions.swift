import RDB
import RDBFormat

/// The options of SET, GETEX and MSETEX.
struct SetOptions {
  /// When a value is set.
  enum Condition: Equatable {
    /// Always.
    case none
    /// If the key does not exist.
    case absent
    /// If the key exists.
    case present
    /// If the key is a string with this value.
    case equal([UInt8])
    /// If the key is not a string with this value, or does not exist.
    case notEqual([UInt8])
  }

  /// The expiry that the key gets.
  enum Expiry: Equatable {
    /// The default of the command: none for SET, the former one for GETEX.
    case unchanged
    /// KEEPTTL.
    case keep
    /// PERSIST.
    case persist
    case at(UnixMilliseconds)
  }

  /// The commands that take these options.
  enum Form { case set, getex, msetex }

  var condition = Condition.none
  var expiry = Expiry.unchanged
  var getsFormer = false
}

extension Execution {
  /// Reads the options from the argument at `start` to the end of the command.
  ///
  /// - Parameter readsTime: Whether the time is read, and an invalid one is an error. Otherwise it is ignored.
  /// - Throws: ``CommandError`` if a server answers with an error, or ``NotReplayed``.
  func setOptions(
    _ command: ReplayCommand, from start: Int, _ form: SetOptions.Form, readsTime: Bool = true
  ) throws -> SetOptions {
    var options = SetOptions()
    var clock: (word: String, index: Int)?
    var index = start
    while index < command.count {
      let word = command.lowercased(index)
      let hasNext = index + 1 < command.count
      switch word {
      case "nx" where form != .getex && (options.condition == .none || options.condition == .absent):
        options.condition = .absent
      case "xx" where form != .getex && (options.condition == .none || options.condition == .present):
        options.condition = .present
      case "get" where form == .set: options.getsFormer = true
      case "keepttl" where form != .getex && clock == nil: options.expiry = .keep
      case "persist" where form == .getex && clock == nil: options.expiry = .persist
      case "ex", "px", "exat", "pxat":
        guard hasNext, options.expiry == .unchanged, clock == nil || clock!.word == word else {
          throw CommandError.syntax
        }
        index += 1
        clock = (word, index)
      case "ifeq" where form == .set && comparesValues && hasNext && options.condition == .none:
        index += 1
        options.condition = .equal(command[index])
      case "ifne" where form == .set && comparesDigests && hasNext && options.condition == .none:
        index += 1
        options.condition = .notEqual(command[index])
      case "ifdeq" where form == .set && comparesDigests, "ifdne" where form == .set && comparesDigests:
        throw NotReplayed("the digest of a value is not computed")
      default: throw CommandError.syntax
      }
      index += 1
    }
    if let clock, readsTime {
      let time = try time(
        command, clock.index, inSeconds: clock.word.hasPrefix("e"), isRelative: !clock.word.hasSuffix("at"),
        mustBePositive: true)
      options.expiry = .at(time)
    }
    return options
  }

  /// Whether SET has IFEQ: Valkey 8.1, Redis 8.4.
  private var comparesValues: Bool { limits.server.isAtLeast(8, 4, valkey: (8, 1)) }
  /// Whether SET has IFNE, IFDEQ and IFDNE: Redis 8.4.
  private var comparesDigests: Bool { limits.server.isAtLeast(8, 4, valkey: nil) }
}
