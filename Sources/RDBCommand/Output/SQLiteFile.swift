import RDB
import RDBSQLite
import RDBSupport

/// A SQLite file being written, under a temporary name beside its final one. SQLite itself opens it by that name.
struct SQLiteFile {
  private let file: OutputFile
  /// The temporary name.
  let path: String
  var shownName: String { file.shownName }

  /// - Throws: ``Failure``, also if the name is that of a pipe or device.
  init(path: String, reading input: InputFile) throws {
    file = try OutputFile(path: path, keepsPartial: false, reading: input, form: nil)
    guard let partial = file.partialPath else {
      file.abandon()
      throw Failure(.usage, "a SQLite file cannot be written to \(file.shownName)", hint: "Give -o the name of a file.")
    }
    self.path = partial
  }

  /// Gives the complete file its final name.
  ///
  /// - Throws: ``Failure``.
  func finish() throws { try file.finishOrFail() }

  /// Whether a path names a SQLite file.
  static func isOne(_ path: String) -> Bool {
    guard path != "-", let source = try? FileSource(path: path), source.canSeek else { return false }
    var start = [UInt8](repeating: 0, count: StoredDatabase.magic.count)
    let count = start.withUnsafeMutableBytes { pread(source.descriptor, $0.baseAddress, $0.count, 0) }
    return count == start.count && start == StoredDatabase.magic
  }
}
