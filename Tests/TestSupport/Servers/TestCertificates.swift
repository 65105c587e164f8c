import Foundation

/// A certificate authority in a temporary folder, with certificates for a server and a client, made by `openssl`.
public final class TestCertificates {
  public let folder: String
  /// The certificate of the authority.
  public var authority: String { folder + "/ca.pem" }

  /// - Parameter names: The names and addresses of the server, as in a certificate: `DNS:localhost`, `IP:127.0.0.1`.
  public init(server names: String) throws {
    folder = NSTemporaryDirectory() + "swift-rdb-certificates-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try openssl(
      "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=swift-rdb-test-ca")
    try sign("server", "subjectAltName=\(names)")
    try sign("client", "extendedKeyUsage=clientAuth")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Returns the path of the certificate of `server` or `client`.
  public func certificate(_ name: String) -> String { "\(folder)/\(name).pem" }

  /// Returns the path of the private key of `server` or `client`.
  public func key(_ name: String) -> String { "\(folder)/\(name).key" }

  private func sign(_ name: String, _ extensions: String) throws {
    try Data(extensions.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).ext"))
    try openssl("req -newkey rsa:2048 -nodes -keyout \(name).key -out \(name).csr -subj /CN=\(name)")
    try openssl(
      "x509 -req -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -out \(name).pem -days 2 -extfile \(name).ext"
    )
  }

  private func openssl(_ arguments: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw LiveServer.Failure(description: "openssl \(arguments): \(String(decoding: text, as: UTF8.self))")
    }
  }
}
