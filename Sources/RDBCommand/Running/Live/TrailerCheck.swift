import RDB
import RDBConvert
import RDBReplay

/// The check of `--require-trailer`: a file of commands that was cut between two commands has no trailer.
enum TrailerCheck {
  /// Reads a file of commands once. Other inputs have an end of their own, and pass.
  ///
  /// - Throws: ``Failure``, unless the file ends with a trailer that fits its bytes.
  static func require(_ input: InputFile) throws {
    guard let parts = input.replayed?.parts, parts.count == 1 else { return }
    let report: RESPFileCheck.Report
    do {
      let source = try parts[0].open()
      guard source.canSeek else {
        throw Failure(
          .usage, "--require-trailer needs a file that is neither compressed nor a pipe",
          hint: "Write the commands to a file first.")
      }
      report = try RESPFileCheck.check(AheadSource(source, from: 0))
    } catch let failure as Failure {
      throw failure
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
    switch report.condition {
    // Reading the file for the load finds these too, and says more.
    case .cut, .rewritten: return
    case .mismatch(let difference):
      throw Failure(
        .damaged, "\(input.shownName): the trailer says \(difference)",
        hint: "The file was changed after it was written.")
    case .whole, .damaged:
      guard report.trailer == nil else { return }
      throw Failure(
        .damaged, "\(input.shownName): no trailer, so a cut between two commands would go unnoticed",
        hint: "rdb resp --trailer writes one; without --require-trailer the file is loaded as it is.")
    }
  }
}
