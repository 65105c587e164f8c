import RDB
import RDBSupport

/// A folder being written. It has a temporary name beside its final one, which it gets when it is complete.
final class OutputFolder {
  /// The name in messages.
  let shownName: String
  /// The path of the incomplete folder.
  let path: String
  private let finalPath: String
  private var isSettled = false

  /// Creates the folder under its temporary name.
  ///
  /// - Parameter path: The final path, where there must be nothing or an empty folder.
  /// - Throws: ``Failure``.
  init(path: String) throws {
    shownName = shown(path)
    var trimmed = Substring(path)
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    finalPath = try SymbolicLink.target(of: String(trimmed))
    if access(finalPath, F_OK) == 0 {
      let names: [String]
      do throws(SystemError) { names = try Folder.names(in: finalPath) } catch {
        throw Failure(
          .usage, "\(shownName): is no folder", hint: "Give -o the name of a folder that does not exist or is empty.")
      }
      guard names.isEmpty else {
        throw Failure(
          .usage, "\(shownName): is not empty", hint: "Give -o the name of a folder that does not exist or is empty.")
      }
    }
    self.path = "\(finalPath).partial.\(getpid())"
    Interrupts.add(Interrupts.Partial(path: self.path, keptAs: nil))
    guard mkdir(self.path, 0o777) == 0 else {
      let failure = Failure(.ioError, "\(shownName): cannot be created: \(String(cString: strerror(errno)))")
      isSettled = true
      Interrupts.settle(self.path) {}
      throw failure
    }
  }

  deinit { abandon() }

  /// Gives the complete folder its final name.
  ///
  /// - Throws: ``Failure``.
  func finish() throws {
    guard !isSettled else { return }
    isSettled = true
    let (source, target) = (path, finalPath)
    let number = Interrupts.settle(source) { rename(source, target) == 0 ? 0 : errno }
    guard number == 0 else {
      Folder.remove(source)
      throw Failure(.ioError, "\(shownName): cannot be renamed: \(String(cString: strerror(number)))")
    }
  }

  /// Removes the incomplete folder.
  func abandon() {
    guard !isSettled else { return }
    isSettled = true
    let source = path
    Interrupts.settle(source) { Folder.remove(source) }
  }
}
