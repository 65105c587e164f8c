import ArgumentParser
import RedisTransfer

/// The options that name a server and the user, with redis-cli's names.
package struct ServerArguments<End: ServerEnd>: ParsableArguments {
  @Option(
    name: End.uriNames,
    help: ArgumentHelp(End.uriHelp, valueName: "uri"))
  package var uri: String?

  @Option(name: End.names("host", short: "h"), help: ArgumentHelp("Connect to this host. Default: 127.0.0.1."))
  package var host: String?

  @Option(name: End.names("port", short: "p"), help: ArgumentHelp("Connect to this port. Default: 6379."))
  package var port: UInt16?

  @Option(
    name: End.names("socket", short: "s"), help: ArgumentHelp("Connect to this Unix socket.", valueName: "path"),
    completion: .file())
  package var socket: String?

  @Option(
    name: End.word.isEmpty ? .customShort("n") : End.names("database"),
    help: ArgumentHelp("Use only this database of the server. Default: all.", valueName: "number"))
  package var database: Int32?

  @OptionGroup package var credentials: CredentialArguments<End>
  @OptionGroup package var tls: TLSArguments<End>

  @Option(
    name: End.names("sentinel-tls"),
    help: ArgumentHelp("Use TLS for sentinels, or not (on, off). Default: as for the servers.", valueName: "switch"))
  package var sentinelTLS: Switch?

  @Option(
    name: End.names("announce-map"),
    help: ArgumentHelp(
      "Connect to another address than the one that sentinels or nodes announce. Repeatable.",
      valueName: "host:port=host:port"))
  package var announceMap: [String] = []

  package init() {}

  package func validate() throws { _ = try settingsWithoutPasswords() }

  /// Whether an option names the server.
  package var isGiven: Bool { uri != nil || host != nil || port != nil || socket != nil }

  /// Returns the settings, and asks for passwords or reads them as the options say.
  ///
  /// - Parameters:
  ///   - link: The options about all connections.
  ///   - passwords: The places where passwords are.
  /// - Throws: `ValidationError` for options that do not suit each other; ``Failure`` for a password that is not there.
  package func settings(_ link: LinkArguments, _ passwords: PasswordPlaces = .ofProcess) throws -> ServerSettings {
    var settings = try settingsWithoutPasswords()
    link.apply(to: &settings)
    if settings.address.credentials == nil {
      settings.address.credentials = try credentials.ofServers(passwords, at: "\(settings.address)")
    } else if let uri, let end = uri.lastIndex(of: "@"), let start = uri.firstRange(of: "://")?.upperBound, start < end
    {
      passwords.warn(ExposedPassword(String(uri[start..<end]), in: End.uriFlags))
    }
    if case .sentinels = settings.address.target {
      settings.sentinelCredentials = try credentials.ofSentinels(passwords)
    }
    return settings
  }

  /// The database that the options or the URI name; `nil`: none. A URI cannot tell database 0 from none.
  package func chosenDatabase(_ settings: ServerSettings) -> Int32? {
    database ?? (settings.address.database == 0 ? nil : settings.address.database)
  }

  private func settingsWithoutPasswords() throws -> ServerSettings {
    let address = try address()
    if let option = tls.optionThatNeedsTLS, !tls.tls, !address.usesTLS {
      throw ValidationError("\(option) needs TLS: give \(End.flag("tls")) too, or write rediss:// in the URI.")
    }
    if case .socket = address.target, tls.tls {
      throw ValidationError("\(End.flag("tls")) is not for a Unix socket: leave it out.")
    }
    var settings = ServerSettings(address, tls: tls.settings)
    if let sentinelTLS { settings.sentinelTLS.isOn = sentinelTLS == .on }
    for entry in announceMap {
      do throws(AnnounceMapError) {
        try settings.announceMap.add(entry)
      } catch {
        throw ValidationError("\(End.flag("announce-map")): \(error).")
      }
    }
    if case .sentinels = address.target { return settings }
    if let option = sentinelTLS != nil ? End.flag("sentinel-tls") : credentials.optionForSentinels {
      throw ValidationError("\(option) needs the address of sentinels: redis-sentinel://host:26379/master-name.")
    }
    return settings
  }

  private func address() throws -> ServerAddress {
    if let uri {
      try refuseBesideURI()
      let address: ServerAddress
      do throws(AddressError) { address = try ServerAddress(uri: uri) } catch {
        throw ValidationError("\(End.uriFlags[0]): \(error).")
      }
      if address.credentials != nil, let option = credentials.firstOption {
        throw ValidationError(
          "\(End.uriFlags[0]) has a password, and \(option) is given too: leave the password out of the URI.")
      }
      return address
    }
    if let database, database < 0 { throw ValidationError("\(databaseFlag) takes 0 or more, not \(database).") }
    if let socket {
      if host != nil || port != nil {
        let other = host != nil ? End.flag("host", short: "h") : End.flag("port", short: "p")
        throw ValidationError("\(End.flag("socket", short: "s")) and \(other) contradict each other: give one.")
      }
      if socket.isEmpty { throw ValidationError("\(End.flag("socket", short: "s")) takes a path.") }
      return ServerAddress(.socket(Array(socket.utf8)), database: database ?? 0)
    }
    if host == "" { throw ValidationError("\(End.flag("host", short: "h")) takes a name or an address.") }
    if port == 0 { throw ValidationError("\(End.flag("port", short: "p")) takes a number from 1 to 65535.") }
    let endpoint = Endpoint(host: host ?? "127.0.0.1", port: port ?? 6379)
    return ServerAddress(.server(endpoint), database: database ?? 0)
  }

  private var databaseFlag: String { End.word.isEmpty ? "-n" : End.flag("database") }

  /// Refuses the options that say what a URI says.
  private func refuseBesideURI() throws {
    let others: [(isGiven: Bool, flag: String, part: String)] = [
      (host != nil, End.flag("host", short: "h"), "the host"), (port != nil, End.flag("port", short: "p"), "the port"),
      (socket != nil, End.flag("socket", short: "s"), "the path, after redis-socket://"),
      (database != nil, databaseFlag, "the database, at its end"),
    ]
    guard let other = others.first(where: \.isGiven) else { return }
    throw ValidationError(
      "\(End.uriFlags[0]) and \(other.flag) contradict each other: write \(other.part) into the URI.")
  }
}

/// On or off.
package enum Switch: String, CaseIterable, Sendable, ExpressibleByArgument { case on, off }
