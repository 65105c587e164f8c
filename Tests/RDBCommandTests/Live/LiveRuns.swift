import Foundation
import RESP
import TestSupport
import Testing

/// Runs of `rdb` against live servers of one test.
struct LiveRuns {
  let folder = Scratch()

  /// Runs `rdb`, and ends it if it hangs.
  func run(_ arguments: [String], environment: [String: String] = [:], atMost limit: Double = 120) throws -> Outcome {
    try Tool.start(arguments, in: folder, environment: environment).wait(atMost: limit)
  }

  /// Runs `rdb load`, which must end with 0.
  @discardableResult
  func load(
    _ input: String, _ port: UInt16, _ options: String..., location: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try run(["load", input, "-p", "\(port)"] + options)
    #expect(outcome.status == 0, "\(outcome.error)", sourceLocation: location)
    return outcome
  }

  /// Expects that a server holds exactly what a file does: fetches its snapshot, and compares.
  func expectEqual(
    _ input: String, _ server: [String], _ options: String..., location: SourceLocation = #_sourceLocation
  ) throws {
    let name = "fetched-\(UInt64.random(in: 0 ... .max)).rdb"
    let fetch = try run(["fetch", "-o", name] + server)
    #expect(fetch.status == 0, "\(fetch.error)", sourceLocation: location)
    let diff = try run(["diff", input, name] + options)
    #expect(diff.status == 0, "\(diff.text.prefix(2000))\(diff.error)", sourceLocation: location)
    try? FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
  }

  func expectEqual(_ input: String, _ port: UInt16, location: SourceLocation = #_sourceLocation) throws {
    try expectEqual(input, ["-p", "\(port)"], location: location)
  }

  /// Generates a snapshot in the folder, with many lists.
  ///
  /// - Returns: Its name.
  func generate(keys: Int, profile: String = "mixed", seed: Int = 1) throws -> String {
    let name = "generated.rdb"
    let arguments = ["gen", "-o", name, "--profile", profile, "--keys", "\(keys)", "--seed", "\(seed)"]
    let outcome = try run(arguments)
    #expect(outcome.status == 0, "\(outcome.error)")
    return name
  }
}

extension LiveServer {
  /// A server that begins to send its snapshot at once, not after the 5 s in which more replicas could ask for it.
  convenience init(atOnce kind: Kind, dump: [UInt8]? = nil, arguments: [String] = []) throws {
    try self.init(kind, dump: dump, arguments: ["--repl-diskless-sync-delay", "0"] + arguments)
  }

  /// A server that can read its data into memory again with ``reloadSlowly()``.
  convenience init(reloadable kind: Kind, dump: [UInt8]) throws {
    let arguments = ["--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024"]
    try self.init(atOnce: kind, dump: dump, arguments: arguments)
  }

  /// Has the server read its data into memory again, for a second or more. Returns when it has begun.
  func reloadSlowly() throws {
    try send("CONFIG", "SET", "key-load-delay", "600")
    let port = port
    Thread { _ = try? LiveConnection(port: port).command("DEBUG", "RELOAD", "NOSAVE") }.start()
    for _ in 0..<500 {
      if try send("GET", "k").errorText?.hasPrefix("LOADING") == true { return }
      usleep(2000)
    }
    throw Failure(description: "the server does not read its data again")
  }

  /// The number of keys of database 0.
  var keyCount: Int {
    guard case .integer(let count)? = try? LiveConnection(port: port).command("DBSIZE") else { return -1 }
    return Int(count)
  }

  @discardableResult
  func send(_ words: String...) throws -> RESPValue {
    try LiveConnection(port: port).commands([words.map { Array($0.utf8) }])[0]
  }
}

extension RESPValue {
  /// The reply as text.
  var text: String { String(decoding: bytes ?? [], as: UTF8.self) }
}
