import RDB
import RDBReplay

/// An input that is read more than once: a file, or a temporary copy of a pipe, of a decompressed file, or of the
/// keyspace that commands build.
struct RepeatableInput {
  /// The input for the first pass.
  let first: InputFile
  private let recording: RecordingSource?

  /// - Throws: ``Failure``.
  init(_ input: InputFile) throws {
    if input.file != nil {
      (first, recording) = (input.fromStart, nil)
      return
    }
    do {
      let source = try RecordingSource(input.source)
      var copied = input
      copied.source = source
      (first, recording) = (copied, source)
    } catch {
      throw RDBError.transfer("create a temporary file", error, at: 0).failure(in: input.shownName)
    }
  }

  /// The input for another pass, after the first one.
  var again: InputFile {
    guard let recording else { return first.fromStart }
    var again = first
    again.source = recording.recorded
    again.replayed = nil
    return again
  }

  /// The commands that are missing from the keyspace. Complete after the first pass.
  var replayLedger: Ledger { first.replayed?.ledger ?? Ledger() }
}
