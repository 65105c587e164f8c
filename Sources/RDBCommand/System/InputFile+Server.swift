import RDB
import RedisTransfer

extension InputFile {
  /// Whether an input is named by the address of a server, not by a path.
  static func isAddress(_ name: String) -> Bool {
    guard let scheme = name.firstRange(of: "://").map({ name[..<$0.lowerBound] }) else { return false }
    return ["redis", "rediss", "redis-socket", "redis-sentinel", "redis-cluster"].contains(scheme.lowercased())
  }

  /// Asks a server for its snapshot, as a replica does; of sentinels' servers, a replica. The masters of a cluster are read
  /// key by key.
  ///
  /// - Parameters:
  ///   - uri: The address. Its password can be in the environment.
  ///   - isBesideServer: Whether the command has options for another server, with a password of its own.
  /// - Throws: ``Failure``.
  static func server(_ uri: String, besideServer isBesideServer: Bool = false) throws -> InputFile {
    try synchronised(with: try ServerSettings(ofInput: uri, besideServer: isBesideServer))
  }

  /// Connects to a server, and asks it for its snapshot when the first byte is read; or to the masters of a cluster, which
  /// are then read key by key.
  ///
  /// - Throws: ``Failure``.
  static func synchronised(with settings: ServerSettings) throws -> InputFile {
    do {
      if case .cluster = settings.address.target {
        let topology = try ClusterTopology(try Connector(settings))
        StandardStreams.writeError(
          "rdb: \(settings.address): the keys are read one after another, not at one point in time\n")
        let source = DeferredSource { try ClusterScanSource(topology) }
        return InputFile(shownName: "\(settings.address)", source: source, replayed: nil, identities: [])
      }
      let note: (TransferError) -> Void = { StandardStreams.writeError("rdb: \($0); trying again\n") }
      let sync = try SyncConnection(settings, note)
      let source = DeferredSource {
        do { return try SyncSource(sync.connection) } catch let error as TransferError {
          // The connection may have ended while another input was read.
          guard error.canRetry else { throw error }
          note(error)
          return try SyncSource(try SyncConnection(settings, note).connection)
        }
      }
      return InputFile(shownName: "\(settings.address)", source: source, replayed: nil, identities: [])
    } catch let error as TransferError {
      throw error.failure
    }
  }

  /// Refuses the address of a server where only a file is read.
  ///
  /// - Throws: ``Failure``.
  static func refuseAddress(_ name: String) throws {
    guard isAddress(name) else { return }
    throw Failure(
      .usage, "this command needs a file, not the address of a server",
      hint: "rdb fetch -u URI -o FILE stores the snapshot of a server.")
  }
}

extension ServerSettings {
  /// The most attempts to reach the server of an input after the first one.
  private static let retryCountOfInputs = 3

  /// The settings for the address of an input: those of its parameters, with passwords of the environment.
  ///
  /// - Parameters:
  ///   - isBesideServer: Whether the command has another server. The password for that one, in the usual variable, must
  ///     not be sent to the server of the input.
  ///   - passwords: The places where passwords are.
  /// - Throws: ``Failure``.
  package init(
    ofInput uri: String, besideServer isBesideServer: Bool = false, _ passwords: PasswordPlaces = .ofProcess
  ) throws {
    let (bare, options) = try AddressParameters.split(uri)
    do throws(AddressError) { _ = try ServerAddress(uri: bare) } catch { throw Failure(.usage, "\(error)") }
    self = try AddressParameters.settings(bare, options, passwords.ofInput(bare, besideServer: isBesideServer))
    if !options.contains(where: { $0.hasPrefix("--retries=") }) { retryCount = Self.retryCountOfInputs }
    guard address.database == 0 else {
      throw Failure(
        .usage, "\(address): a synchronisation sends all databases, not one",
        hint: "Leave the database out of the address, and choose it with --db.")
    }
  }

  /// Refuses a cluster where one server must send its snapshot.
  ///
  /// - Throws: ``Failure``.
  func refuseCluster(hint: String) throws {
    guard case .cluster = address.target else { return }
    throw Failure(.usage, "\(address): the masters of a cluster send no common snapshot", hint: hint)
  }
}

extension PasswordPlaces {
  /// The places for the address of an input: the variables of a source come before those of the only server, which are
  /// not used beside another server.
  fileprivate func ofInput(_ uri: String, besideServer isBesideServer: Bool) -> PasswordPlaces {
    let sources = [
      OnlyServer.passwordVariable: SourceServer.passwordVariable,
      OnlyServer.sentinelPasswordVariable: SourceServer.sentinelPasswordVariable,
    ]
    var places = self
    places.variable = { name in sources[name].flatMap(variable) ?? (isBesideServer ? nil : variable(name)) }
    // The address is an operand, not the value of an option.
    let start = String(uri[..<(uri.firstRange(of: "://")?.upperBound ?? uri.startIndex)])
    places.warn = { warn(ExposedPassword($0.text, inOperand: start)) }
    return places
  }
}
