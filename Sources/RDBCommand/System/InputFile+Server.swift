import RDB
import RedisTransfer

extension InputFile {
  /// Whether an input is named by the address of a server, not by a path.
  static func isAddress(_ name: String) -> Bool {
    guard let scheme = name.firstRange(of: "://").map({ name[..<$0.lowerBound] }) else { return false }
    return ["redis", "rediss", "redis-socket", "redis-sentinel", "redis-cluster"].contains(scheme.lowercased())
  }

  /// Asks a server for its snapshot, as a replica does; of sentinels' servers, a replica.
  ///
  /// - Parameter uri: The address. Its password can be in the environment.
  /// - Throws: ``Failure``.
  static func server(_ uri: String) throws -> InputFile {
    try synchronised(with: try ServerSettings(ofInput: uri))
  }

  /// Connects to a server, and asks it for its snapshot when the first byte is read.
  ///
  /// - Throws: ``Failure``.
  static func synchronised(with settings: ServerSettings) throws -> InputFile {
    try settings.refuseCluster()
    do {
      let sync = try SyncConnection(settings) { StandardStreams.writeError("rdb: \($0); trying again\n") }
      let source = DeferredSource { try SyncSource(sync.connection) }
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
      .usage, "a file is read here, not a server",
      hint: "rdb fetch -u URI -o FILE stores the snapshot of a server.")
  }
}

extension ServerSettings {
  /// The number of attempts after the first one to reach the server of an input.
  private static let retryCountOfInputs = 3

  /// The settings for the address of an input: those of no options, with passwords of the environment.
  ///
  /// - Parameter passwords: The places where passwords are.
  /// - Throws: ``Failure``.
  init(ofInput uri: String, _ passwords: PasswordPlaces = .ofProcess) throws {
    do throws(AddressError) { self.init(try ServerAddress(uri: uri)) } catch { throw Failure(.usage, "\(error)") }
    retryCount = Self.retryCountOfInputs
    if address.credentials == nil {
      address.credentials = Self.credentials(
        passwords.variable(SourceServer.passwordVariable) ?? passwords.variable(OnlyServer.passwordVariable))
    } else if let end = uri.lastIndex(of: "@"), let start = uri.firstRange(of: "://")?.upperBound, start < end {
      passwords.warn(ExposedPassword(String(uri[start..<end]), inOperand: String(uri[..<start])))
    }
    if case .sentinels = address.target {
      sentinelCredentials = Self.credentials(
        passwords.variable(SourceServer.sentinelPasswordVariable)
          ?? passwords.variable(OnlyServer.sentinelPasswordVariable))
    }
    guard address.database == 0 else {
      throw Failure(
        .usage, "\(address): a synchronisation sends all databases, not one",
        hint: "Leave the database out of the address, and choose it with --db.")
    }
  }

  /// Refuses a cluster, of which one connection reads only a part.
  ///
  /// - Throws: ``Failure``.
  func refuseCluster() throws {
    guard case .cluster = address.target else { return }
    throw Failure(
      .usage, "\(address): a cluster is not one input",
      hint: "Give rdb merge the addresses of all its masters, or of a replica of each.")
  }

  private static func credentials(_ password: [UInt8]?) -> Credentials? {
    password.map { Credentials(user: nil, password: Secret($0)) }
  }
}
