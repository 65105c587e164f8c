import Foundation
import RESP

/// What a server does when it starts on a snapshot, in its default configuration.
public enum LoadTrial: Hashable, Sendable {
  /// It starts, and has this many keys.
  case loads(keys: Int)
  /// It says what is wrong and ends.
  case refuses
  /// It ends by a signal or a failed assertion, or does not answer.
  case crashes

  public init(_ kind: LiveServer.Kind, dump: [UInt8]) throws {
    let folder = NSTemporaryDirectory() + "swift-rdb-load-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data(dump).write(to: URL(fileURLWithPath: folder + "/dump.rdb"))
    let port = try LiveServer.freePort()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try LiveServer.program(of: kind))
    process.arguments = [
      "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder,
      "--crash-log-enabled", "no",
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
    }
    for _ in 0..<1000 {
      if !process.isRunning {
        self = process.terminationReason == .exit ? .refuses : .crashes
        return
      }
      if let connection = try? LiveConnection(port: port),
        let reply = try? connection.command("INFO", "keyspace"), let bytes = reply.bytes
      {
        let counts = String(decoding: bytes, as: UTF8.self).split(separator: "keys=").dropFirst()
        self = .loads(keys: counts.reduce(0) { $0 + (Int($1.prefix { $0.isNumber }) ?? 0) })
        return
      }
      usleep(10_000)
    }
    self = .crashes
  }
}
