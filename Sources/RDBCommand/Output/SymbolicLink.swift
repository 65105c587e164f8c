import RDBSupport

/// Follows the symbolic links of an output path, so that the links are kept and the file they lead to is replaced.
///
/// In a folder like `/tmp`, another user can put a link where a file is expected, and so have one of our user's files
/// overwritten. A link is therefore followed only if the user or root owns it, or if its folder is neither sticky nor
/// writable by all users: then only someone who may change the folder's files anyway can have put it there.
enum SymbolicLink {
  /// Returns the path that `path` leads to; `path` itself if it is no link or leads to no file.
  ///
  /// - Throws: ``Failure`` for a link that must not be followed.
  static func target(of path: String) throws -> String {
    var current = path
    // The limit of Linux; `realpath` fails for more.
    for _ in 0..<40 {
      guard let link = status(current, lstat), link.st_mode & S_IFMT == S_IFLNK else { break }
      let folder = self.folder(of: current)
      guard let folderStatus = status(folder, stat) else { break }
      guard isTrusted(linkOwner: link.st_uid, folderMode: folderStatus.st_mode, user: geteuid()) else {
        throw Failure(
          .ioError, "\(shown(path)): is a symbolic link of another user, in a folder that all users can write to",
          hint: "Remove the link, or give -o a file in a folder of your own.")
      }
      guard let next = contents(of: current) else { break }
      current = next.hasPrefix("/") ? next : folder + "/" + next
    }
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Returns whether a link may be followed.
  static func isTrusted(linkOwner: uid_t, folderMode: mode_t, user: uid_t) -> Bool {
    linkOwner == user || linkOwner == 0 || folderMode & (S_ISVTX | S_IWOTH) == 0
  }

  private static func status(
    _ path: String, _ call: (UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> Int32
  ) -> stat? {
    var status = RDBSupport.stat()
    return call(path, &status) == 0 ? status : nil
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The text of a link.
  private static func contents(of path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
    return count > 0 && count < buffer.count ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
