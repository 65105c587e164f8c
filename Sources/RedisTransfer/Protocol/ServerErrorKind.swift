extension ServerError {
  /// The meaning of an error reply.
  package enum Kind: Hashable, Sendable {
    /// `NOAUTH`: the connection has no user yet.
    case authenticationRequired
    /// `WRONGPASS`, and `ERR invalid password` of servers before 6.0.
    case wrongPassword
    /// A password was sent, but the server has none.
    case passwordNotConfigured
    /// `NOPERM`: the user lacks a permission.
    case noPermission
    /// `NOPROTO`: the server does not have the version of the protocol.
    case unsupportedProtocol
    /// `LOADING`: the server reads its data into memory.
    case loading
    /// `READONLY`: the server is a replica.
    case readOnly
    /// `MOVED`: another node has the slot. The host is `nil` if it is the host that answered.
    case moved(slot: UInt16, host: String?, port: UInt16)
    /// `ASK`: another node has the key until the slot has moved.
    case ask(slot: UInt16, host: String?, port: UInt16)
    /// `TRYAGAIN`: some keys of a command have moved to another node, others not yet.
    case tryAgain
    /// `CLUSTERDOWN`: the cluster takes no commands.
    case clusterDown
    /// `CROSSSLOT`: the keys of a command have different slots.
    case crossSlot
    /// `MASTERDOWN`, and `NOMASTERLINK` of a synchronisation: the replica has no connection to its master.
    case masterDown
    /// `BUSY`: a script or function runs too long.
    case busyScript
    /// `BUSYKEY`: the key exists already.
    case keyExists
    /// `OOM`: the memory limit is reached.
    case outOfMemory
    /// `MISCONF`: the server cannot save its data, and takes no writes.
    case cannotSave
    /// `NOREPLICAS`: the master has too few replicas for a write.
    case notEnoughReplicas
    /// `WRONGTYPE`: the key has a value of another type.
    case wrongType
    /// `EXECABORT`: a transaction was discarded because one of its commands was refused.
    case transactionDiscarded
    /// The server does not take the payload of RESTORE: its version is newer, its checksum wrong, or its type unknown.
    case payloadRefused
    /// The server has as many connections as `maxclients` allows.
    case tooManyClients
    /// `DENIED`: the server has neither a password nor a bound address, and takes only local connections.
    case protectedMode
    /// The server does not have the command or subcommand.
    case unknownCommand
    /// Each other error.
    case unknown
  }
}

extension ServerError.Kind {
  /// The codes that have a meaning of their own.
  private static let codes: [String: Self] = [
    "NOAUTH": .authenticationRequired, "WRONGPASS": .wrongPassword, "NOPERM": .noPermission,
    "NOPROTO": .unsupportedProtocol, "LOADING": .loading, "READONLY": .readOnly, "TRYAGAIN": .tryAgain,
    "CLUSTERDOWN": .clusterDown, "CROSSSLOT": .crossSlot, "MASTERDOWN": .masterDown, "NOMASTERLINK": .masterDown,
    "BUSY": .busyScript,
    "BUSYKEY": .keyExists, "OOM": .outOfMemory, "MISCONF": .cannotSave, "NOREPLICAS": .notEnoughReplicas,
    "WRONGTYPE": .wrongType, "EXECABORT": .transactionDiscarded, "DENIED": .protectedMode,
  ]

  /// The beginnings of errors with the code `ERR`, in lower case.
  private static let beginnings: [(text: String, kind: Self)] = [
    ("unknown command", .unknownCommand),
    ("unknown subcommand", .unknownCommand),
    ("dump payload version or checksum are wrong", .payloadRefused),
    ("bad data format", .payloadRefused),
    ("can't sync while not connected with my master", .masterDown),
    ("max number of clients reached", .tooManyClients),
    ("invalid password", .wrongPassword),
    ("client sent auth, but no password is set", .passwordNotConfigured),
    ("auth <password> called without any password configured", .passwordNotConfigured),
  ]

  init(_ words: [UInt8]) {
    // No code or beginning is longer, and an error can be very long.
    let text = String(decoding: words.prefix(512), as: UTF8.self)
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    let code = String(parts.first ?? "")
    switch code {
    case "MOVED": self = Self.redirection(parts).map { .moved(slot: $0, host: $1, port: $2) } ?? .unknown
    case "ASK": self = Self.redirection(parts).map { .ask(slot: $0, host: $1, port: $2) } ?? .unknown
    case "ERR":
      let rest = text.dropFirst(4).lowercased()
      self = Self.beginnings.first { rest.hasPrefix($0.text) }?.kind ?? .unknown
    default: self = Self.codes[code] ?? .unknown
    }
  }

  /// Reads slot, host and port of `MOVED 3999 127.0.0.1:6381`. An IPv6 address has no brackets. An empty host, returned as
  /// `nil`, means the server that sent the reply.
  private static func redirection(_ parts: [Substring]) -> (UInt16, String?, UInt16)? {
    guard parts.count >= 3, let slot = UInt16(parts[1]), slot < 16384,
      let colon = parts[2].lastIndex(of: ":"),
      let port = UInt16(parts[2][parts[2].index(after: colon)...]), port > 0
    else { return nil }
    let host = String(parts[2][..<colon])
    // "?" is a host that the node does not know.
    guard host != "?" else { return nil }
    return (slot, host.isEmpty ? nil : host, port)
  }
}
