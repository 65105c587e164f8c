import RDB
import RDBFormat
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
    var input = try reading.openAsIs(path)
    guard let file = input.file else {
      let reason = input.format.map { "it is compressed (\($0))" } ?? "it is not a file"
      throw Failure(
        .usage, "\(input.shownName): a part of it cannot be read, because \(reason)",
        hint: "Give the file that the plan was made for, or a file with just the bytes of the part.")
    }
    guard let source = PartSource(part.number, of: plan, in: file) else {
      let size = plan.parts[part.number].byteCount
      throw Failure(
        .damaged,
        "\(input.shownName): has \(file.totalByteCount ?? 0) bytes, and \(shown(part.path)) is a plan for a file of"
          + " \(plan.byteCount) bytes",
        hint: "Make a new plan with rdb split-plan. A file of the part alone has \(size) bytes.")
    }
    input.source = source
    return input
  }
}

extension SnapshotPlan {
  /// The most bytes of a plan that are read.
  private static let fileLimit = 256 << 20

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
