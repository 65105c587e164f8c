import ArgumentParser

/// The options about reporting the progress of commands with live servers.
struct LiveProgressArguments: ParsableArguments {
  /// The form of a log.
  enum Form: String, CaseIterable, ExpressibleByArgument { case json }

  @Option(help: ArgumentHelp("Write progress to standard error in this form, one line per 2 s.", valueName: "form"))
  var log: Form?

  @Option(
    help: ArgumentHelp(
      "Serve progress to Prometheus at this address, such as 127.0.0.1:9121.", valueName: "host:port"))
  var metrics: String?
}
