import ArgumentParser

/// The options about following the source of a migration.
struct FollowArguments: ParsableArguments {
  @Flag(help: "Then apply what is written to the source, until Ctrl-C; a second Ctrl-C aborts.")
  var follow = false

  @Option(
    help: ArgumentHelp("End when the target is at most this many bytes behind, such as 0.", valueName: "size"))
  var cutoverWhenLag: ByteSize?

  @Flag(help: "Pause the writes of the source's clients at the end, until both servers are compared.")
  var pauseSource = false

  func validate() throws {
    guard !follow else { return }
    if cutoverWhenLag != nil { throw ValidationError("--cutover-when-lag needs --follow.") }
    if pauseSource { throw ValidationError("--pause-source needs --follow.") }
  }
}
