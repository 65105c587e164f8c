import RDB
import RDBFormat

/// The options of XADD and XTRIM.
struct TrimOptions {
  var threshold: ReplayedStream.Threshold?
  var isApproximate = false
  var references: ReplayedStream.References?
  var createsStream = true
  /// The index of the first argument after the options.
  var end = 0
}

extension Execution {
  /// Reads the options of XADD, which end before the ID, or of XTRIM, which end the command.
  ///
  /// LIMIT is checked and then ignored, as servers do while they load a file.
  func trimOptions(_ command: ReplayCommand, isAdd: Bool) throws -> TrimOptions {
    var options = TrimOptions()
    var hasLimit = false
    var index = 2
    reading: while index < command.count {
      let hasNext = index + 1 < command.count
      switch command.lowercased(index) {
      case "nomkstream" where isAdd: options.createsStream = false
      case "maxlen" where hasNext, "minid" where hasNext:
        guard options.threshold == nil else { throw CommandError.syntax }
        let isLength = command.isWord(index, "maxlen")
        index += 1
        if index + 1 < command.count, command[index] == [0x7E] || command[index] == [0x3D] {
          options.isApproximate = command[index] == [0x7E]
          index += 1
        }
        options.threshold = try threshold(command, index, isLength: isLength)
      case "limit" where hasNext:
        index += 1
        guard try command.integer(index) >= 0 else { throw CommandError.outOfRange }
        hasLimit = true
      default:
        if options.references == nil, let references = references(command, index) {
          options.references = references
        } else if isAdd {
          break reading
        } else {
          throw CommandError.syntax
        }
      }
      index += 1
    }
    if hasLimit, options.threshold == nil { throw CommandError.syntax }
    options.end = index
    return options
  }

  private func threshold(
    _ command: ReplayCommand, _ index: Int, isLength: Bool
  ) throws(CommandError) -> ReplayedStream.Threshold {
    guard isLength else { return .id(try command.streamID(index)) }
    let length = try command.integer(index)
    guard length >= 0 else { throw .outOfRange }
    return .length(UInt64(length))
  }

  /// The argument as KEEPREF, DELREF or ACKED of Redis 8.2.
  func references(_ command: ReplayCommand, _ index: Int) -> ReplayedStream.References? {
    guard limits.server.isAtLeast(8, 2, valkey: nil) else { return nil }
    switch command.lowercased(index) {
    case "keepref": return .keep
    case "delref": return .delete
    case "acked": return .acknowledged
    default: return nil
    }
  }
}
