import RDB
import RDBReplay
import RDBSupport
import RESP
import TestSupport

/// A log in memory that a test can change: a snapshot, if there is one, and the commands that follow it.
struct LogSample {
  var base: [UInt8]?
  var commands: [[[UInt8]]]

  init(base: [UInt8]? = nil, commands: [[[UInt8]]]) { (self.base, self.commands) = (base, commands) }

  /// Reads a log whole. The commands of transactions become single ones, and each part begins with SELECT.
  init(_ log: CommandLog) throws {
    commands = []
    while let item = try log.next() {
      switch item {
      case .beginPart: commands.append([Array("SELECT".utf8), Array("0".utf8)])
      case .base(let source): base = try Self.bytes(of: source)
      case .command(let command): commands.append(command.arguments)
      case .failure, .time, .beginTransaction, .endTransaction: break
      }
    }
  }

  private static func bytes(of source: any ByteSource) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = try chunk.withUnsafeMutableBytes { try source.read(into: $0) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  private var commandBytes: [UInt8] { commands.flatMap { RESPText.command($0) } }

  /// The files of the log in its folder, by name.
  var files: [String: [UInt8]] {
    var manifest = "file commands.incr.aof seq 1 type i\n"
    var files = ["commands.incr.aof": commandBytes]
    if let base {
      files["commands.base.rdb"] = base
      manifest = "file commands.base.rdb seq 1 type b\n" + manifest
    }
    files["appendonly.aof.manifest"] = Array(manifest.utf8)
    return files
  }

  /// The files of the log in the order of loading.
  var parts: [LogPart] {
    let commandBytes = commandBytes
    return (base.map { base in [LogPart(name: "base", role: .base) { MemorySource(base) }] } ?? [])
      + [LogPart(name: "commands", role: .incremental) { MemorySource(commandBytes) }]
  }
}
