import NIOSSL
import RDBSupport

extension TLSSettings {
  /// Returns the settings in the form of the TLS library.
  ///
  /// - Throws: ``TransferError`` (`badSetting`), which names the file.
  func context() throws(TransferError) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if isInsecure { configuration.certificateVerification = .none }
    if let caFile {
      configuration.trustRoots = .certificates(try Self.read(caFile) { try NIOSSLCertificate.fromPEMFile($0) })
    } else if let caDirectory {
      configuration.trustRoots = .file(caDirectory)
    }
    if let certificate {
      let chain = try Self.read(certificate) { try NIOSSLCertificate.fromPEMFile($0) }
      configuration.certificateChain = chain.map { .certificate($0) }
    }
    if let key {
      configuration.privateKey = .privateKey(try Self.read(key) { try NIOSSLPrivateKey(file: $0, format: .pem) })
    }
    do { return try NIOSSLContext(configuration: configuration) } catch {
      if caFile == nil, caDirectory == nil, case BoringSSLError.unknownError(let stack) = error, stack.isEmpty {
        throw TransferError(.badSetting(Self.noAuthorities), at: "TLS")
      }
      throw TransferError(.badSetting("the certificates and keys cannot be used together: \(error)"), at: "TLS")
    }
  }

  private static let noAuthorities =
    "this system has no certificate authorities to trust: install them (ca-certificates), or name a file of authorities"

  private static func read<Result>(_ path: String, _ body: (String) throws -> Result) throws(TransferError) -> Result {
    do { return try body(path) } catch {
      throw TransferError(.badSetting("\(printable(Array(path.utf8))) is no readable PEM file"), at: "TLS")
    }
  }
}
