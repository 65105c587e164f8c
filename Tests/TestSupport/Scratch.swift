public import Foundation

/// A folder of one test, removed with it.
public final class Scratch {
  public let path: String

  public init() {
    path = NSTemporaryDirectory() + "rdb-tests-" + UUID().uuidString
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// All names in it, sorted.
  public var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  public func contents(of name: String) -> Data? { FileManager.default.contents(atPath: "\(path)/\(name)") }

  public func write(_ bytes: [UInt8], as name: String) {
    _ = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Data(bytes))
  }

  /// Copies a fixture here, under a short name.
  public func copy(_ fixture: Fixture, as name: String = "dump.rdb") { write(fixture.bytes, as: name) }
}
