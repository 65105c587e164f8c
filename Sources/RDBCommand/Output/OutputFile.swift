import RDB
import RDBFormat
import RDBSupport

/// A file being written. It has a temporary name beside its final one, which it gets when it is complete.
///
/// Standard output, pipes and devices are written directly. A terminal gets escapes for characters that control it.
final class OutputFile: ByteDestination {
  /// The name in messages.
  let shownName: String
  private let file: FileDestination
  private let partial: Interrupts.Partial?
  private let finalPath: String
  private let isStandardOutput: Bool
  private let form: TerminalText.Form?
  /// The escaper, if this is a terminal and its form needs one.
  private lazy var terminal = isTerminal ? form.map { TerminalText($0) } : nil
  /// Whether the file was finished or abandoned.
  private var isSettled = false
  /// The error that ended writing, if there was one. It takes precedence over damage in the input.
  private(set) var failure: RDBError?

  var byteCount: UInt64 { file.byteCount }
  /// Whether written bytes go on at once to a pipe, a device or standard output.
  var isStream: Bool { partial == nil }
  /// The temporary name, for a library that writes the file itself; `nil` for a stream.
  var partialPath: String? { partial?.path }
  var isTerminal: Bool { isatty(file.descriptor) == 1 }

  /// Refuses to write a snapshot to a terminal.
  ///
  /// - Throws: ``Failure``, if the output is a terminal.
  func refuseTerminal() throws {
    guard isTerminal else { return }
    throw Failure(.usage, "a snapshot is not for a terminal", hint: "Give -o FILE, or send standard output to a file.")
  }

  /// - Parameters:
  ///   - path: The path, or `-` for standard output.
  ///   - keepsPartial: Whether an unfinished file is kept, as `path.partial`.
  ///   - inputs: Files that must not be overwritten.
  ///   - indexes: Paths that must not be overwritten, whether they exist or not.
  ///   - form: The form in which a terminal gets escapes; `nil` for none.
  /// - Throws: ``Failure``.
  init(
    path: String, keepsPartial: Bool, inputs: [FileIdentity], indexes: [String] = [], form: TerminalText.Form? = nil
  ) throws {
    self.form = form
    isStandardOutput = path == "-"
    shownName = isStandardOutput ? "standard output" : shown(path)
    guard !isStandardOutput else {
      if let identity = FileIdentity(descriptor: STDOUT_FILENO), inputs.contains(identity) {
        throw Failure(.usage, "standard output is the input file itself")
      }
      if let identity = FileIdentity(descriptor: STDOUT_FILENO), Self.identities(of: indexes).contains(identity) {
        throw Failure(.usage, "standard output is the dump's index")
      }
      (file, partial, finalPath) = (FileDestination(descriptor: STDOUT_FILENO), nil, path)
      return
    }
    if let identity = FileIdentity(path: path), inputs.contains(identity) {
      throw Failure(.usage, "\(shownName): is the input file itself", hint: "Give -o another name.")
    }
    if indexes.contains(path) || FileIdentity(path: path).map(Self.identities(of: indexes).contains) ?? false {
      throw Failure(
        .usage, "\(shownName): is the name of the dump's index",
        hint: "Give -o another name; rdb index writes this one.")
    }
    finalPath = try SymbolicLink.target(of: path)
    let kind = Self.kind(of: finalPath)
    if kind == S_IFDIR { throw Failure(.usage, "\(shownName): is a folder", hint: "Give the name of a file.") }
    // A pipe or a device cannot be renamed.
    if let kind, kind != S_IFREG {
      let descriptor = open(finalPath, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Self.cannotWrite(shownName) }
      (file, partial) = (FileDestination(descriptor: descriptor), nil)
      return
    }
    let partial = Interrupts.Partial(
      path: "\(finalPath).partial.\(getpid())", keptAs: keepsPartial ? finalPath + ".partial" : nil)
    Interrupts.add(partial)
    let descriptor = open(partial.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      let failure = Self.cannotWrite(shownName)
      Interrupts.settle(partial.path) {}
      throw failure
    }
    (file, self.partial) = (FileDestination(descriptor: descriptor), partial)
  }

  deinit { abandon() }

  /// Opens an output file that must overwrite neither the input nor its index.
  ///
  /// - Parameter index: Another index that is read.
  convenience init(
    path: String, keepsPartial: Bool, reading input: InputFile, index: String? = nil, form: TerminalText.Form?
  ) throws {
    try self.init(
      path: path, keepsPartial: keepsPartial, inputs: input.identities,
      indexes: [input.indexPath, index].compactMap { $0 }, form: form)
  }

  func write(_ bytes: RawSpan, followedBy more: RawSpan) throws(RDBError) {
    do throws(RDBError) {
      guard var text = terminal else { return try file.write(bytes, followedBy: more) }
      let escaped = bytes.withUnsafeBytes { text.escape($0) } + more.withUnsafeBytes { text.escape($0) }
      terminal = text
      try file.write(escaped.span.bytes, followedBy: RawSpan())
    } catch {
      failure = error
      throw error
    }
  }

  /// Writes the head of a table. Abandons the file if that fails.
  ///
  /// - Throws: ``Failure``.
  func writeHead(_ text: String) throws {
    do throws(RDBError) { try write(Array(text.utf8).span.bytes, followedBy: RawSpan()) } catch {
      abandon()
      throw error.failure(in: shownName)
    }
  }

  /// Writes `bytes`, and finishes the file. Abandons it if that fails.
  ///
  /// - Throws: ``Failure``.
  func writeWhole(_ bytes: [UInt8]) throws {
    do throws(RDBError) {
      try write(bytes.span.bytes, followedBy: RawSpan())
      try finish()
    } catch {
      abandon()
      throw error.failure(in: shownName)
    }
  }

  /// Gives the complete file its final name.
  ///
  /// Like `cp`, this does not force the file to the disk (`fsync`).
  ///
  /// - Throws: ``RDBError`` (`io`). Some file systems report a full disk only when a file is closed.
  func finish() throws(RDBError) {
    if let rest = terminal?.end(), !rest.isEmpty { try file.write(rest.span.bytes, followedBy: RawSpan()) }
    guard !isStandardOutput, !isSettled else { return }
    isSettled = true
    guard close(file.descriptor) == 0 else {
      let error = fail("close")
      if let partial { Interrupts.settle(partial.path) { partial.abandon() } }
      throw error
    }
    guard let partial else { return }
    let (source, target) = (partial.path, finalPath)
    let number = Interrupts.settle(source) { rename(source, target) == 0 ? 0 : errno }
    guard number == 0 else {
      errno = number
      let error = fail("rename")
      partial.abandon()
      throw error
    }
  }

  /// ``finish()`` for commands. Abandons the file if that fails.
  ///
  /// - Throws: ``Failure``.
  func finishOrFail() throws {
    do throws(RDBError) { try finish() } catch {
      abandon()
      throw error.failure(in: shownName)
    }
  }

  /// Removes the incomplete file, or keeps it as `path.partial`.
  func abandon() {
    guard !isStandardOutput, !isSettled else { return }
    isSettled = true
    close(file.descriptor)
    guard let partial else { return }
    Interrupts.settle(partial.path) { partial.abandon() }
  }

  /// Notes and returns the error of a system call that has just failed.
  private func fail(_ call: String) -> RDBError {
    let error = RDBError.system(call, offset: 0)
    failure = error
    return error
  }

  private static func cannotWrite(_ name: String) -> Failure {
    Failure(.ioError, "\(name): cannot be written: \(String(cString: strerror(errno)))")
  }

  private static func identities(of paths: [String]) -> [FileIdentity] { paths.compactMap { FileIdentity(path: $0) } }

  /// The kind of file at a path, `S_IFREG`, `S_IFDIR` …; `nil` if there is none.
  private static func kind(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}
