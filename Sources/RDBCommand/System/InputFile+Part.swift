import RDB
import RDBFormat
import RDBReplay
import RDBSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension InputFile {
  /// Opens one part of a snapshot. The input is then a snapshot of the part's keys.
  ///
  /// - Parameters:
  ///   - path: The path of the snapshot, or of a file that has only the bytes of the part.
  ///   - part: The plan and the number of the part.
  /// - Throws: ``Failure``.
  static func part(_ part: PartOfPlan, of path: String, _ reading: ReadingOptions) throws -> InputFile {
    let plan = try SnapshotPlan(path: part.path)
    guard part.number < plan.parts.count else {
      throw Failure(
        .usage, "\(shown(part.path)): has no part \(part.number)",
        hint: "Its parts have the numbers 0 to \(plan.parts.count - 1).")
    }
    let refusal = "a part of it cannot be read"
    var (input, file) = try ranges(
      of: path, maxRatio: reading.decompression.maxRatio, otherwise: refusal,
      hint: "Give the file that the plan was made for, or a file with just the bytes of the part.")
    guard let source = PartSource(part.number, of: plan, in: file) else {
      try input.refuseCommands(in: file, refusal)
      let size = plan.parts[part.number].byteCount
      throw Failure(
        .damaged,
        "\(input.shownName): has \(file.totalByteCount ?? 0) bytes, and \(shown(part.path)) is a plan for a file of"
          + " \(plan.byteCount) bytes",
        hint: "Make a new plan with rdb split-plan. A file of the part alone has \(size) bytes.")
    }
    if file.totalByteCount == plan.byteCount {
      let difference: String?
      do {
        difference = try plan.difference(in: file, ignoresChecksum: reading.ignoreChecksum)
      } catch {
        throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
      }
      if let difference {
        throw Failure(
          .damaged, "\(input.shownName): is not the file of \(shown(part.path)), or is damaged: \(difference)",
          hint: "Make a new plan with rdb split-plan.")
      }
    }
    input.source = source
    return input
  }

  /// Opens a file of which ranges can be read.
  ///
  /// - Parameters:
  ///   - refusal: What cannot be done with another input, for the message.
  ///   - hint: The next step for the user.
  /// - Throws: ``Failure``.
  static func ranges(
    of path: String, maxRatio: UInt64, otherwise refusal: String, hint: String
  ) throws -> (input: InputFile, file: FileSource) {
    if path != "-", LogFolder.isFolder(path) {
      throw Failure(.usage, "\(shown(path)): \(refusal), because it is a folder", hint: commandsHint)
    }
    let input = try InputFile(path: path, maxRatio: maxRatio)
    guard let file = input.file else {
      let reason = input.format.map { "it is compressed (\($0))" } ?? "it is not a file"
      throw Failure(.usage, "\(input.shownName): \(refusal), because \(reason)", hint: hint)
    }
    return (input, file)
  }

  /// Refuses a file with commands, alone or after a snapshot: its keys are not in ranges of its bytes.
  ///
  /// - Throws: ``Failure``.
  func refuseCommands(in file: FileSource, _ refusal: String) throws {
    let start: [UInt8]
    do throws(RDBError) {
      start = try peek(file, byteCount: CommandFileKind.startByteCount).start
    } catch {
      throw error.failure(in: shownName)
    }
    let kind = CommandFileKind(start)
    // A snapshot from a replication link begins with other bytes, and has no commands of its own.
    let isSnapshot = kind == .snapshot && !start.starts(with: "REDIS".utf8) && !start.starts(with: "VALKEY".utf8)
    guard kind == .manifest || !isSnapshot && LogOpening.isLog(start, file) else { return }
    throw Failure(.usage, "\(shownName): \(refusal), because it holds commands", hint: Self.commandsHint)
  }

  private static let commandsHint = "Of an append-only file, rdb rewrite makes a snapshot, which can be planned."
}

extension SnapshotPlan {
  /// The most bytes of a plan that are read.
  private static let fileLimit = 128 << 20

  /// Reads a plan that `rdb split-plan` wrote.
  ///
  /// - Throws: ``Failure``.
  init(path: String) throws {
    let bytes: [UInt8]
    do {
      let source = try FileSource(path: path)
      guard let contents = try source.contents(limit: Self.fileLimit) else {
        throw Self.noPlan(path, "it has more than \(Self.fileLimit) bytes")
      }
      bytes = contents
    } catch let failure as Failure {
      throw failure
    } catch {
      let error = RDBError.transfer("read", error, at: 0)
      guard let number = error.systemError, number == ENOENT else { throw error.failure(in: shown(path)) }
      throw Failure(.noInput, "\(shown(path)): cannot be opened: \(String(cString: strerror(number)))")
    }
    do {
      self = try JSONDecoder().decode(SnapshotPlan.self, from: Data(bytes))
    } catch {
      throw Self.noPlan(path, "it is not the JSON of one")
    }
    if let fault { throw Self.noPlan(path, fault) }
  }

  private static func noPlan(_ path: String, _ reason: String) -> Failure {
    Failure(
      .damaged, "\(shown(path)): is no plan of rdb split-plan: \(reason)", hint: "Make it anew with rdb split-plan.")
  }
}
