import RDBFormat
import RDBSupport

/// A dump in `Fixtures/`. Adding a file there adds a row to every test over ``valid``.
public struct Fixture: Sendable, Hashable, CustomStringConvertible {
  /// The path below `Fixtures/`, without `.rdb`: `redis-7.2.6/all`.
  public let name: String
  /// The whole path of the `.rdb` file.
  public var path: String { "\(Self.root)/\(name).rdb" }
  /// The folder of the dump: `redis-7.2.6`, or `crafted`.
  public var folder: String { String(name.prefix { $0 != "/" }) }
  /// The file's name without `.rdb`: `all`, or `v10-strings`.
  public var topic: String { String(name.drop { $0 != "/" }.dropFirst()) }
  /// The ``name`` with a dash for each slash, which can name a file: `redis-7.2.6-all`.
  public var fileName: String { String(name.map { $0 == "/" ? "-" : $0 }) }

  /// The well-formed dumps that this run tests: ``all``, or in a sampled run (``TestExtent``) the crafted dumps, the
  /// topics with most value types, and a third of the others.
  public static let valid: [Fixture] = {
    guard TestExtent.current == .sample else { return all }
    let topics: Set = ["all", "rich", "hashttl", "hashttlx"]
    return all.enumerated().filter { index, fixture in
      fixture.folder == "crafted" || topics.contains(fixture.topic) || index % 3 == 0
    }.map(\.element)
  }()
  /// Every well-formed dump, by path: all folders of a server, and `crafted/`.
  public static let all: [Fixture] = {
    let other: Set = ["aof", "commands", "damaged", "memory", "refused", "reports", "tools"]
    return names(in: root).filter { !other.contains($0) && !$0.contains(".md") && !$0.hasPrefix(".") }.flatMap(dumps)
  }()
  /// Every damaged dump in `Fixtures/damaged/`; ``Damage`` describes the damage.
  public static let damaged: [Fixture] = dumps(in: "damaged")
  /// Every well-formed dump that the reader must refuse, with ``expectedErrorCode``.
  public static let refused: [Fixture] = dumps(in: "refused")

  /// `Fixtures/` of this checkout.
  public static let root: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/") + "/Fixtures"
  }()

  /// Returns the fixture with the given path below `Fixtures/`, without `.rdb`: `redis-7.2.6/all`.
  public static func named(_ name: String) -> Fixture { Fixture(name: name) }

  /// The dump itself.
  public var bytes: [UInt8] { readFile(path) }

  /// The file of the expected rows, for `Golden.rows(at:)`. Not every damaged file has one.
  public var goldenPath: String { sibling("golden.jsonl") }
  /// The file of the rows that had expired when the dump was written, or `nil`.
  public var expiredPath: String? { existing(sibling("expired.jsonl")) }
  /// The file of the replies of `JSON.GET` per key, or `nil`.
  public var valuesPath: String? { existing(sibling("values.jsonl")) }

  /// The code of the error that refuses a fixture of ``refused``.
  public var expectedErrorCode: RDBError.Code {
    let text = String(decoding: readFile(sibling("error")), as: UTF8.self)
    return RDBError.Code(String(text.prefix { $0.isLetter }))
  }

  public var description: String { name }

  /// Returns the path of the file with the given suffix; damaged files keep `.rdb` before it.
  private func sibling(_ suffix: String) -> String {
    let whole = "\(path).\(suffix)"
    return fileExists(whole) ? whole : path.dropLast(".rdb".count) + "." + suffix
  }

  private func existing(_ path: String) -> String? { fileExists(path) ? path : nil }

  private static func dumps(in folder: String) -> [Fixture] {
    names(in: "\(root)/\(folder)").filter { $0.hasSuffix(".rdb") }.map { file in
      Fixture(name: "\(folder)/\(file.dropLast(".rdb".count))")
    }
  }
}

/// Returns the names in a folder, sorted.
public func names(in folder: String) -> [String] {
  do { return try Folder.names(in: folder) } catch { fatalError("no folder \(folder)") }
}

public func fileExists(_ path: String) -> Bool { access(path, R_OK) == 0 }

/// Returns the bytes of a file, which must exist.
public func readFile(_ path: String) -> [UInt8] {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else { fatalError("cannot open \(path)") }
  defer { close(descriptor) }
  let size = Int(lseek(descriptor, 0, SEEK_END))
  lseek(descriptor, 0, SEEK_SET)
  return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    while count < size {
      let got = read(descriptor, buffer.baseAddress! + count, size - count)
      guard got > 0 else { fatalError("cannot read \(path)") }
      count += got
    }
  }
}
