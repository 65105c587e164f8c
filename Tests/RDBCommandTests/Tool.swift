import Foundation
import TestSupport

/// The command as a process: what it said, where, and how it ended.
struct Outcome: Equatable {
  var status: Int32
  var output: Data
  var error: String

  var text: String { String(decoding: output, as: UTF8.self) }
}

/// Runs the built `rdb`.
enum Tool {
  /// Beside the bundle that these tests are in.
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

  /// Runs it with `arguments` in `folder`.
  static func run(_ arguments: String..., in folder: Scratch? = nil, input: Data? = nil) -> Outcome {
    run(path, arguments, in: folder, input: input)
  }

  /// Runs a line of `sh`, in which `rdb` is the command.
  static func shell(_ line: String, in folder: Scratch? = nil) -> Outcome {
    run("/bin/sh", ["-c", "rdb() { \"\(path)\" \"$@\"; }\n" + line], in: folder, input: nil)
  }

  /// What every run sees: no terminal, 80 columns.
  static var environment: [String: String] {
    ["PATH": "/usr/local/bin:/usr/bin:/bin", "COLUMNS": "80", "LC_ALL": "C.UTF-8"]
  }

  private static func run(
    _ program: String, _ arguments: [String], in folder: Scratch?, input: Data?
  ) -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = URL(fileURLWithPath: folder?.path ?? Fixture.root)
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    let inputPipe = input.map { _ in Pipe() }
    if let inputPipe {
      process.standardInput = inputPipe
    } else {
      process.standardInput = FileHandle.nullDevice
    }
    try! process.run()
    // Three pipes at once: a full one must not keep the others waiting.
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
