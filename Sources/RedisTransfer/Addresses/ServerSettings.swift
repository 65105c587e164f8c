/// The address of one end of a transfer, and how to connect to it.
package struct ServerSettings: Hashable, Sendable {
  package var address: ServerAddress
  /// TLS of the connections to servers with data.
  package var tls: TLSSettings
  /// TLS of the connections to sentinels.
  package var sentinelTLS: TLSSettings
  /// The credentials for sentinels. The credentials for servers with data are those of ``address``.
  package var sentinelCredentials: Credentials?
  /// The longest time to connect, with the TLS handshake.
  package var connectTimeout: Duration = .seconds(10)
  /// The longest time without a byte from the server while a reply is due.
  package var replyTimeout: Duration = .seconds(60)
  /// The number of attempts after the first one that a connection or a command may need.
  package var retryCount = 20
  package var addressFamily = AddressFamily.any
  package var announceMap = AnnounceMap()

  /// - Parameters:
  ///   - address: The address. Its scheme `rediss` turns TLS on.
  ///   - tls: TLS of all connections.
  package init(_ address: ServerAddress, tls: TLSSettings = TLSSettings()) {
    var tls = tls
    tls.isOn = tls.isOn || address.usesTLS
    self.address = address
    self.address.usesTLS = tls.isOn
    (self.tls, sentinelTLS) = (tls, tls)
  }
}

/// Whether and how a connection is encrypted.
package struct TLSSettings: Hashable, Sendable {
  package var isOn = false
  /// The name of the server in the TLS handshake, which its certificate must have; `nil`: the host of the address.
  package var sni: String?
  /// The path of a file with the certificates of the trusted authorities (PEM).
  ///
  /// Without a file and a folder, the authorities of the system are trusted.
  package var caFile: String?
  /// The path of a folder with the certificates of the trusted authorities (PEM).
  package var caDirectory: String?
  /// The path of the client's certificate (PEM). Always together with ``key``.
  package var certificate: String?
  /// The path of the key of the client's certificate (PEM).
  package var key: String?
  /// Whether each certificate is accepted without a check.
  package var isInsecure = false

  package init(isOn: Bool = false) { self.isOn = isOn }
}

/// The kind of addresses to which a host name resolves.
package enum AddressFamily: Hashable, Sendable { case any, ipv4, ipv6 }
