import Foundation
import TestSupport
import Testing

/// The result of a process: its exit status and its output.
struct Outcome: Equatable {
  var status: Int32
  var output: Data
  var error: String

  var text: String { String(decoding: output, as: UTF8.self) }
}

/// Runs the built `rdb`.
enum Tool {
  /// The path of `rdb`, which is in the folder of the test bundle.
  static let path: String = {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
    let parts = bundle.split(separator: "/", omittingEmptySubsequences: false)
    let folder = parts.prefix { !$0.hasSuffix(".xctest") }.joined(separator: "/")
    let path = (folder.isEmpty ? "." : folder) + "/rdb"
    guard FileManager.default.isExecutableFile(atPath: path) else {
      fatalError("no \(path): build all products before the tests")
    }
    return path
  }()

  /// Runs `rdb` with `arguments` in `folder`.
  static func run(_ arguments: String..., in folder: Scratch? = nil, input: Data? = nil) -> Outcome {
    run(path, arguments, in: folder, input: input)
  }

  /// Runs `rdb` with `arguments` in `folder`.
  static func run(all arguments: [String], in folder: Scratch? = nil) -> Outcome {
    run(path, arguments, in: folder, input: nil)
  }

  /// Runs a line of `sh`, in which `rdb` is the command.
  static func shell(_ line: String, in folder: Scratch? = nil) -> Outcome {
    let (program, arguments) = shell
    return run(program, arguments + script(line), in: folder, input: nil)
  }

  /// The shell. SwiftNIO, which other tests of the process use, has the process ignore SIGPIPE, and children inherit that: the
  /// programs of a pipe would then report an error where they end silently for a user.
  private static var shell: (program: String, arguments: [String]) {
    #if os(Linux)
      ("/usr/bin/env", ["--default-signal=PIPE", "/bin/sh"])
    #else
      ("/bin/sh", [])
    #endif
  }

  private static func script(_ line: String) -> [String] { ["-c", "rdb() { \"\(path)\" \"$@\"; }\n" + line] }

  private static func process(_ program: String, _ arguments: [String], in folder: Scratch?) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = URL(fileURLWithPath: folder?.path ?? Fixture.root)
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// Starts `rdb` with a large snapshot on its standard input, which stays open and lacks the end, and sends it a signal
  /// once it has made a file in `folder`.
  ///
  /// - Parameter partial: The names in `folder` before the signal, for the number of the process.
  /// - Returns: The process, which has ended, and what it wrote to standard error.
  static func interrupt(
    _ arguments: [String], by signal: Int32, in folder: Scratch, partial: (Int32) -> [String]
  ) throws -> (process: Process, error: String) {
    let process = process(path, arguments, in: folder)
    let (input, error) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardError = error
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(Crafted.large(count: 20_000).dropLast(99)))
    for _ in 0..<500 where folder.names.isEmpty { usleep(10_000) }
    #expect(folder.names == partial(process.processIdentifier))
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return (process, String(decoding: error.fileHandleForReading.availableData, as: UTF8.self))
  }

  /// A running `rdb`.
  final class Running {
    private let process: Process
    private let output = Scratch()

    fileprivate init(_ process: Process) throws {
      self.process = process
      output.write([], as: "output")
      output.write([], as: "error")
      process.standardOutput = FileHandle(forWritingAtPath: output.path + "/output")
      process.standardError = FileHandle(forWritingAtPath: output.path + "/error")
      try process.run()
    }

    var isRunning: Bool { process.isRunning }
    var id: Int32 { process.processIdentifier }
    /// What was written to standard error so far.
    var error: String { String(decoding: output.contents(of: "error") ?? Data(), as: UTF8.self) }

    func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end, and ends a process that hangs.
    ///
    /// - Parameter limit: The longest time, in seconds.
    func wait(atMost limit: Double) -> Outcome {
      let end = Date().addingTimeInterval(limit)
      while process.isRunning, Date() < end { usleep(2000) }
      if process.isRunning {
        Issue.record("still running after \(limit) s: \(error.suffix(2000))")
        signal(SIGKILL)
      }
      process.waitUntilExit()
      let isSignal = process.terminationReason == .uncaughtSignal
      return Outcome(
        status: process.terminationStatus + (isSignal ? 128 : 0), output: output.contents(of: "output") ?? Data(),
        error: error)
    }
  }

  /// Starts `rdb` with `arguments` in `folder`.
  static func start(_ arguments: [String], in folder: Scratch? = nil, environment more: [String: String] = [:]) throws
    -> Running
  {
    let process = process(path, arguments, in: folder)
    process.environment = environment.merging(more) { $1 }
    return try Running(process)
  }

  /// Runs a line of `sh`, in which `rdb` is the command, with a raw terminal as its standard output.
  static func terminal(_ line: String, in folder: Scratch) throws -> Outcome {
    var (master, slave): (Int32, Int32) = (-1, -1)
    try #require(openpty(&master, &slave, nil, nil, nil) == 0)
    // Processes of other tests must not inherit the terminal and keep it open.
    for end in [master, slave] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var settings = termios()
    tcgetattr(slave, &settings)
    cfmakeraw(&settings)
    tcsetattr(slave, TCSANOW, &settings)
    let process = process(shell.program, shell.arguments + script(line), in: folder)
    process.standardOutput = FileHandle(fileDescriptor: slave)
    let error = Pipe()
    process.standardError = error
    try process.run()
    close(slave)
    // Reading ends with an error (Linux) or with 0 bytes (macOS) when the other end is closed.
    var output = Data()
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(master, &buffer, buffer.count), count > 0 { output += buffer[..<count] }
    close(master)
    process.waitUntilExit()
    let said = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return Outcome(status: process.terminationStatus, output: output, error: said)
  }

  /// The environment of every run, with 80 columns.
  static var environment: [String: String] {
    ["PATH": "/usr/local/bin:/usr/bin:/bin", "COLUMNS": "80", "LC_ALL": "C.UTF-8"]
  }

  private static func run(
    _ program: String, _ arguments: [String], in folder: Scratch?, input: Data?
  ) -> Outcome {
    let process = process(program, arguments, in: folder)
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    let inputPipe = input.map { _ in Pipe() }
    if let inputPipe { process.standardInput = inputPipe }
    try! process.run()
    // The pipes are served at the same time, because a full one blocks the process.
    let others = DispatchGroup()
    nonisolated(unsafe) var errorData = Data()
    DispatchQueue.global().async(group: others) {
      errorData = error.fileHandleForReading.readDataToEndOfFile()
    }
    if let inputPipe, let input {
      DispatchQueue.global().async(group: others) {
        try? inputPipe.fileHandleForWriting.write(contentsOf: input)
        try? inputPipe.fileHandleForWriting.close()
      }
    }
    let outputData = output.fileHandleForReading.readDataToEndOfFile()
    others.wait()
    process.waitUntilExit()
    let status = process.terminationStatus
    return Outcome(
      status: process.terminationReason == .uncaughtSignal ? 128 + status : status,
      output: outputData, error: String(decoding: errorData, as: UTF8.self))
  }
}
