import NIOCore
import NIOPosix
import NIOSSL
import RDBSupport

/// Opens connections: TCP or a Unix socket, plain or with TLS.
struct LinkOpener {
  /// The one thread that waits for the sockets of this process. What arrives is decoded by the threads that ask for it.
  private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  private let settings: ServerSettings
  private let serverName: String?
  private let tls: NIOSSLContext?
  private let lock: Lock

  /// - Parameters:
  ///   - settings: Timeouts and the address family.
  ///   - tls: Whether and how the connections are encrypted.
  ///   - lock: The lock of all links that can be waited for together.
  /// - Throws: ``TransferError`` (`badSetting`) for a certificate or key that cannot be read.
  init(_ settings: ServerSettings, _ tls: TLSSettings, sharing lock: Lock = Lock()) throws(TransferError) {
    (self.settings, self.lock) = (settings, lock)
    serverName = tls.sni
    self.tls = tls.isOn ? try tls.context() : nil
  }

  /// Connects to a host and port.
  func open(_ endpoint: Endpoint) throws(TransferError) -> Link {
    let name = endpoint.description
    let inbox = Inbox(sharing: lock)
    let bootstrap = bootstrap(inbox, serverName: serverName ?? endpoint.host)
      .resolver(settings.addressFamily == .any ? nil : FamilyResolver(settings.addressFamily, on: Self.group.next()))
    return try open(inbox, name) { try bootstrap.connect(host: endpoint.host, port: Int(endpoint.port)).wait() }
  }

  /// Connects to a Unix socket.
  func open(socket path: [UInt8]) throws(TransferError) -> Link {
    let name = printable(path)
    guard let text = String(validating: path, as: UTF8.self) else {
      throw TransferError(.badSetting("the path of the socket \(name) is not UTF-8"), at: name)
    }
    let inbox = Inbox(sharing: lock)
    return try open(inbox, name) {
      try bootstrap(inbox, serverName: serverName).connect(unixDomainSocketPath: text).wait()
    }
  }

  private func open(_ inbox: Inbox, _ name: String, _ connect: () throws -> any Channel) throws(TransferError) -> Link {
    let channel: any Channel
    do { channel = try connect() } catch { throw TransferError(.unreachable(Self.reason(error)), at: name) }
    let link = Link(channel, inbox, to: name, timeout: settings.replyTimeout)
    if tls != nil { try link.waitUntilEncrypted(atMost: settings.connectTimeout) }
    return link
  }

  private func bootstrap(_ inbox: Inbox, serverName: String?) -> ClientBootstrap {
    let tls = tls
    return ClientBootstrap(group: Self.group)
      .connectTimeout(TimeAmount(settings.connectTimeout))
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 65536, maximum: 1 << 20)
      )
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(Self.tlsHandler(tls, serverName)) }
          try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox))
        }
      }
  }

  /// A certificate of an address is compared with the address of the peer: a server name must be a name.
  private static func tlsHandler(_ context: NIOSSLContext, _ serverName: String?) throws -> NIOSSLClientHandler {
    guard let serverName, (try? SocketAddress(ipAddress: serverName, port: 0)) == nil else {
      return try NIOSSLClientHandler(context: context, serverHostname: nil)
    }
    guard context.configuration.certificateVerification != .none else {
      return try NIOSSLClientHandler(context: context, serverHostname: serverName)
    }
    return try NIOSSLClientHandler._makeSSLClientHandler(context: context, serverHostname: serverName) {
      certificate, channel in
      // The library also accepts a certificate of the peer's address, which a name server could have forged.
      HostName(serverName).isAmong(certificate.dnsNames)
        ? channel.eventLoop.makeSucceededVoidFuture()
        : channel.eventLoop.makeFailedFuture(CertificateOfAddress())
    }
  }

  /// The certificate names the address of the peer, but not the host.
  private struct CertificateOfAddress: Error {}

  // MARK: Errors

  /// Returns the condition of an error that ended a link.
  static func condition(of error: any Error) -> TransferError.Condition {
    switch error {
    case NIOSSLError.uncleanShutdown, ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed: .closed("")
    case NIOSSLError.handshakeFailed(let reason): .encryption(tlsReason("\(reason)"))
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      .encryption("the certificate of the server names neither the host nor the address")
    case is CertificateOfAddress: .encryption("the certificate of the server names its address, not the host")
    case let error as NIOSSLExtraError: .encryption("\(error)")
    case let error as BoringSSLError: .encryption(tlsReason("\(error)"))
    default: .closed(reason(error))
    }
  }

  /// Returns the words of the system, without those of the network library around them.
  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: return systemText(error.errnoCode)
    case let error as NIOConnectionError:
      if error.dnsAError != nil, error.dnsAAAAError != nil { return "the name of the host is unknown" }
      var reasons: [String] = []
      for failure in error.connectionErrors {
        let text = reason(failure.error)
        if !reasons.contains(text) { reasons.append(text) }
      }
      return reasons.isEmpty ? "no address of the host answers" : reasons.joined(separator: ", ")
    case ChannelError.connectTimeout(let time):
      return "nothing answered within \(time.nanoseconds / 1_000_000_000) s"
    case is NIOSSLError, is NIOSSLExtraError: return "\(error)"
    default: return "\(error)"
    }
  }

  private static func systemText(_ code: CInt) -> String { String(cString: strerror(code)).lowercased() }

  /// Returns the reason inside `error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED`.
  private static func tlsReason(_ text: String) -> String {
    let parts = text.split(separator: ":")
    guard let index = parts.firstIndex(of: "OPENSSL_internal"), index + 1 < parts.count else { return text }
    let name = parts[index + 1].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
    switch name {
    case "CERTIFICATE_VERIFY_FAILED": return "the certificate of the server is signed by no authority that is trusted"
    case "WRONG_VERSION_NUMBER": return "the server does not speak TLS at this port"
    default: return String(name.map { $0 == "_" ? " " : $0 }).lowercased()
    }
  }
}
