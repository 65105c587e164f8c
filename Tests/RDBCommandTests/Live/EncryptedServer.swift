import Foundation
import TestSupport

/// A server with TLS on a port of its own, and the certificates that its clients need.
struct EncryptedServer {
  let certificates: TestCertificates
  let server: LiveServer
  /// The port with TLS.
  let port: UInt16

  /// - Parameters:
  ///   - names: The names and addresses in the server's certificate.
  ///   - asksClients: Whether each client must have a certificate.
  init(_ names: String = "DNS:localhost", asksClients: Bool = true, arguments: [String] = []) throws {
    certificates = try TestCertificates(server: names)
    port = try LiveServer.freePort()
    server = try LiveServer(
      atOnce: .redis7,
      arguments: [
        "--tls-port", "\(port)", "--tls-cert-file", certificates.certificate("server"), "--tls-key-file",
        certificates.key("server"), "--tls-ca-cert-file", certificates.authority, "--tls-auth-clients",
        asksClients ? "yes" : "no",
      ] + arguments)
  }

  func stop() { server.stop() }

  /// The options that trust the server.
  var trust: [String] { ["--tls", "--cacert", certificates.authority] }
  /// The options that present the client's certificate.
  var identity: [String] { ["--cert", certificates.certificate("client"), "--tls-key", certificates.key("client")] }
}
