public import Foundation

/// The temporary folder of one test, removed when the test releases it.
public final class Scratch {
  public let path: String

  public init() {
    path = NSTemporaryDirectory() + "rdb-tests-" + UUID().uuidString
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names of the files in the folder, sorted.
  public var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  public func contents(of name: String) -> Data? { FileManager.default.contents(atPath: "\(path)/\(name)") }

  public func write(_ bytes: [UInt8], as name: String) {
    _ = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Data(bytes))
  }

  /// Copies a fixture into the folder under a short name.
  public func copy(_ fixture: Fixture, as name: String = "dump.rdb") { write(fixture.bytes, as: name) }
}
