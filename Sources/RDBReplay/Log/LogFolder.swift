import RDB
import RDBFormat
import RDBSupport

/// The folder of an append-only file of several parts (`appenddirname`), with its manifest.
package struct LogFolder {
  /// The path of the manifest.
  package let manifestPath: String
  package let manifest: LogManifest
  /// The manifest as it is stored.
  package let manifestBytes: [UInt8]
  /// The parts in the order of loading.
  package let parts: [LogPart]
  /// The path of a base that still lies beside the folder, because an upgrade to several parts was interrupted.
  package let outsideBase: String?

  /// The suffix of a manifest's name.
  private static let manifestSuffix = ".manifest"

  /// The manifest's name without its folder.
  package var manifestName: String { fileName(manifestPath) }

  /// Whether a path is one of a folder.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Opens a folder that has one manifest, or a manifest.
  ///
  /// - Throws: ``RDBError``: `corruptManifest`, also if the folder has no manifest or several, or if a part is missing;
  ///   `io` if a file cannot be read.
  package init(path: String) throws {
    if Self.isFolder(path) {
      manifestPath = try Self.findManifest(in: path)
    } else {
      manifestPath = path
    }
    let bytes = try Self.contents(manifestPath)
    manifestBytes = bytes
    let name = fileName(manifestPath)
    let manifest: LogManifest
    do throws(RDBError) { manifest = try LogManifest(bytes) } catch { throw error.inFile(name) }
    self.manifest = manifest
    (parts, outsideBase) = try Self.findParts(manifest, in: folderName(manifestPath), manifestName: name)
  }

  /// Finds the files of a manifest's parts.
  private static func findParts(_ manifest: LogManifest, in folder: String, manifestName: String) throws -> (
    parts: [LogPart], outsideBase: String?
  ) {
    var outside: String?
    let parts = try manifest.parts.map { part in
      let name = String(decoding: part.name, as: UTF8.self)
      var path = joined(folder, name)
      if access(path, F_OK) != 0 {
        let beside = joined(folder, "../" + name)
        guard part.role == .base, manifest.parts.count == 1, access(beside, F_OK) == 0 else {
          throw RDBError(
            .corruptManifest, at: 0, expected: "the file \(printable(part.name)), which the manifest lists",
            found: "no such file"
          ).inFile(manifestName)
        }
        path = beside
        outside = beside
      }
      let found = path
      return LogPart(name: name, role: part.role) { try FileSource(path: found) }
    }
    return (parts, outside)
  }

  /// Finds the manifest of a folder.
  private static func findManifest(in folder: String) throws -> String {
    let names: [String]
    do throws(SystemError) { names = try Folder.names(in: folder) } catch { throw RDBError(error).inFile(folder) }
    let manifests = names.filter { $0.hasSuffix(manifestSuffix) && !$0.hasPrefix("temp-") }
    if manifests.count == 1 { return joined(folder, manifests[0]) }
    let parts = names.filter(isPart)
    if manifests.isEmpty, parts.isEmpty {
      throw RDBError(
        .noLog, at: 0, expected: "the folder of an append-only file", found: "none of its files")
    }
    let found =
      if !manifests.isEmpty {
        "\(manifests.count): \(manifests.joined(separator: ", "))"
      } else {
        "none, only the parts \(parts.joined(separator: ", ")), whose order the manifest tells"
      }
    throw RDBError(.corruptManifest, at: 0, expected: "a folder with one manifest", found: found)
  }

  /// Whether a name is that of a part: `appendonly.aof.1.incr.aof`, or of a former append-only file.
  private static func isPart(_ name: String) -> Bool {
    name.hasSuffix(".aof") || name.hasSuffix(".base.rdb")
  }

  /// The largest manifest that is read, in bytes.
  private static let manifestByteCount = 1 << 20

  private static func contents(_ path: String) throws -> [UInt8] {
    guard let bytes = try FileSource(path: path).contents(limit: manifestByteCount) else {
      throw RDBError(
        .corruptManifest, at: manifestByteCount, expected: "a manifest of at most \(manifestByteCount) bytes",
        found: "a longer one"
      ).inFile(fileName(path))
    }
    return bytes
  }
}

extension RDBError {
  /// The same error with the name of the file it occurred in. An error that has one keeps it.
  package func inFile(_ name: String?) -> RDBError {
    guard path == nil, let name else { return self }
    return RDBError(
      code, at: offset, inner: innerOffset, expected: expected, found: found, key: key, database: database,
      valueType: valueType, systemError: systemError, missing: missing, underlying: underlying, path: name)
  }
}

private func fileName(_ path: String) -> String {
  path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
}

private func folderName(_ path: String) -> String {
  path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
}

private func joined(_ folder: String, _ name: String) -> String {
  folder.isEmpty ? "/" + name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
}
