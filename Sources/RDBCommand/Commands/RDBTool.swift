import ArgumentParser
import RDBSupport
import RedisTransfer

/// The command `rdb`: the root of all subcommands.
///
/// Commands parse options, connect libraries and render results. The libraries do the work.
@main
struct RDBTool: ParsableCommand {
  static let version = "2.0.0"

  static let configuration = CommandConfiguration(
    commandName: "rdb",
    abstract: "Read snapshots of Redis and Valkey without a server.",
    discussion: """
      Results go to standard output, everything else to standard error. - is standard input or output.

      Examples:
        rdb info dump.rdb
        rdb json dump.rdb --lines | jq -c 'select(.type == "hash")'
        rdb resp dump.rdb --replace | redis-cli --pipe

      Exit codes:
      \(ExitCode.table)
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(name: "Convert", subcommands: [Resp.self, JSON.self, SQL.self, Parquet.self]),
      CommandGroup(
        name: "Make snapshots", subcommands: [Rewrite.self, Merge.self, Split.self, Mask.self, SalvageCommand.self]),
      CommandGroup(name: "Live servers", subcommands: [Migrate.self, Load.self, Fetch.self, Verify.self]),
      CommandGroup(
        name: "Inspect",
        subcommands: [
          Info.self, Check.self, Keys.self, Get.self, Index.self, SplitPlan.self, TopElementsCommand.self,
          History.self,
        ]),
      CommandGroup(
        name: "Report",
        subcommands: [
          Memory.self, BigKeys.self, MemKeys.self, HotKeys.self, Idle.self, Prefix.self, TTL.self, Stats.self,
          Analyze.self, MergeReports.self, Report.self,
        ]),
      CommandGroup(name: "Compare", subcommands: [Diff.self]),
      CommandGroup(name: "Measure", subcommands: [Bench.self, Gen.self]),
    ],
    helpNames: .long)

  /// The prefix of ArgumentParser's messages.
  static var _errorLabel: String { "rdb" }

  static func main() {
    StandardStreams.prepare()
    // Returns a large buffer to the system when it is freed, so that it leaves no hole in the heap.
    returnLargeBlocks(ofAtLeast: 1 << 20)
    do {
      if let call = try OldCall(Array(CommandLine.arguments.dropFirst()), commands: commandNames) {
        Interrupts.install()
        try call.run()
        end(InputLosses.wereReported ? .losses : .done)
      }
      var command = try parseAsRoot(arguments)
      if command is any WorkingCommand { Interrupts.install() }
      try command.run()
      if InputLosses.wereReported { end(.losses) }
    } catch let failure as Failure {
      end(failure)
    } catch let error as TransferError {
      end(error.failure)
    } catch  where exitCode(for: error) == .failure {
      // Neither a `Failure` nor an error of ArgumentParser's, which has an exit code of its own.
      StandardStreams.writeError("rdb: \(visible("\(error)"))\nThis is a bug in rdb: please report it.\n")
      Self.end(.bug)
    } catch {
      Self.end(saying: text(of: error), exitCode(for: error).rawValue)
    }
  }

  /// The names of all subcommands.
  private static var commandNames: [String] {
    (configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)).map { $0._commandName }
  }

  /// The arguments in a form that ArgumentParser understands.
  ///
  /// `--field=` names the field with the empty name. ArgumentParser would expect its value in the next argument.
  private static var arguments: [String] {
    var arguments: [String] = []
    for argument in CommandLine.arguments.dropFirst() {
      if argument == "--field=", arguments.last != "--field", !arguments.contains("--") {
        arguments += ["--field", ""]
      } else {
        arguments.append(argument)
      }
    }
    return arguments
  }

  /// The text of help, of a completion script, or of an error of ArgumentParser's.
  private static func text(of error: any Error) -> String {
    let text = fullMessage(for: error)
    guard CommandLine.arguments.dropFirst().contains(where: { $0.hasPrefix("--generate-completion-script") }),
      exitCode(for: error) == .success
    else { return text }
    let commands = configuration.subcommands.map { $0._commandName }
    return CompletionScript(generated: text, commands: commands).text
  }

  /// Writes ArgumentParser's text and ends the process. Help is a result; other texts are errors, and may quote an
  /// argument.
  private static func end(saying text: String, _ code: Int32) -> Never {
    guard code == ExitCode.done.rawValue else {
      StandardStreams.writeError(hidingPasswords(in: visible(text)) + "\n")
      _exit(code)
    }
    do {
      try OutputFile(path: "-", keepsPartial: false, inputs: []).writeWhole(Array((text + "\n").utf8))
      end(.done)
    } catch {
      let failure = error as? Failure
      StandardStreams.writeError(failure?.text ?? "")
      end(failure?.code ?? .bug)
    }
  }

  private static func end(_ failure: Failure) -> Never {
    StandardStreams.writeError(failure.text)
    end(failure.code)
  }

  /// Ends the process without exit handlers, because other threads may still be running.
  private static func end(_ code: ExitCode) -> Never { _exit(code.rawValue) }
}

/// A command that reads and writes files, and handles interruption by signals.
///
/// Each command states its `commandName`. ArgumentParser would otherwise derive all names from the types, in every run:
/// a third of the instructions of a short one.
protocol WorkingCommand: ParsableCommand {}
