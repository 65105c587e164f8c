import ArgumentParser
import RDBFiltering
import RedisTransfer

/// The options about all connections of a command: timeouts, retries, the kind of addresses.
package struct LinkArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("Give up connecting after this time: seconds, 500ms, 1m.", valueName: "time"))
  package var connectTimeout = Timeout(ServerDefaults.connectTimeout)

  @Option(
    help: ArgumentHelp("Give up when a server that must answer is silent for this time.", valueName: "time"))
  package var timeout = Timeout(ServerDefaults.replyTimeout)

  @Option(help: ArgumentHelp("Try again at most n times when a connection fails.", valueName: "n"))
  package var retries = ServerDefaults.retryCount

  @Flag(name: .customShort("4"), help: "Connect to IPv4 addresses only.")
  package var ipv4 = false

  @Flag(name: .customShort("6"), help: "Connect to IPv6 addresses only.")
  package var ipv6 = false

  package init() {}

  package func validate() throws {
    if ipv4 && ipv6 { throw ValidationError("-4 and -6 contradict each other: give one.") }
    if retries < 0 { throw ValidationError("--retries takes 0 or more, not \(retries).") }
  }

  func apply(to settings: inout ServerSettings) {
    settings.connectTimeout = connectTimeout.duration
    settings.replyTimeout = timeout.duration
    settings.retryCount = retries
    settings.addressFamily = ipv4 ? .ipv4 : ipv6 ? .ipv6 : .any
  }
}

/// The settings without options.
private enum ServerDefaults {
  private static var settings: ServerSettings {
    ServerSettings(ServerAddress(.server(Endpoint(host: "127.0.0.1", port: 6379))))
  }
  static var connectTimeout: Duration { settings.connectTimeout }
  static var replyTimeout: Duration { settings.replyTimeout }
  static var retryCount: Int { settings.retryCount }
}

/// A time to wait: seconds, or a number with a unit such as `500ms`. From a millisecond to a day.
package struct Timeout: Hashable, Sendable, ExpressibleByArgument {
  package var duration: Duration

  package init(_ duration: Duration) { self.duration = duration }

  package init?(argument: String) {
    let isPlain = argument.allSatisfy { $0.isASCII && $0.isNumber }
    guard let milliseconds = try? TypedTime.duration(isPlain ? argument + "s" : argument),
      (1...86_400_000).contains(milliseconds)
    else { return nil }
    duration = .milliseconds(milliseconds)
  }

  package var defaultValueDescription: String {
    let (seconds, attoseconds) = duration.components
    return attoseconds == 0 ? "\(seconds)s" : "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms"
  }
}
