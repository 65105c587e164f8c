/// Folders.
package enum Folder {
  /// The names in a folder, sorted by their bytes.
  package static func names(in path: String) throws(SystemError) -> [String] {
    guard let handle = opendir(path) else { throw SystemError("open", offset: 0, code: errno) }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      // The name is a tuple of characters that ends with 0: it is read through its address.
      let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name)!
      let start = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
      names.append(String(cString: start))
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Removes a folder with its files, at most `depth` levels deep. Symbolic links are removed, not followed.
  package static func remove(_ path: String, depth: Int = 5) {
    for name in (try? names(in: path)) ?? [] {
      let inner = "\(path)/\(name)"
      if unlink(inner) != 0, depth > 1 { remove(inner, depth: depth - 1) }
    }
    rmdir(path)
  }

  /// The folder of temporary files: that in the environment variable `TMPDIR`, else `/tmp`.
  package static var temporary: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  /// The free space for files in a folder, in bytes; `nil` if the system does not tell it.
  package static func freeByteCount(of path: String) -> UInt64? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let (byteCount, isTooLarge) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return isTooLarge ? .max : byteCount
  }
}
