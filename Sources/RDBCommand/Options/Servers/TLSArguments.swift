import ArgumentParser
import RedisTransfer

/// The options about TLS, with redis-cli's names.
///
/// redis-cli's `--key` is `--tls-key` here, because `--key` chooses keys.
package struct TLSArguments<End: ServerEnd>: ParsableArguments {
  @Flag(name: End.names("tls"), help: "Use TLS; rediss:// implies it.")
  package var tls = false

  @Option(
    name: End.names("sni"),
    help: ArgumentHelp("Expect this name in the server's certificate. Default: the host.", valueName: "name"))
  package var sni: String?

  @Option(
    name: End.names("cacert"),
    help: ArgumentHelp("Trust the authorities in this PEM file. Default: the system's.", valueName: "file"),
    completion: .file())
  package var cacert: String?

  @Option(
    name: End.names("cacertdir"),
    help: ArgumentHelp("Trust the authorities in this folder of PEM files.", valueName: "folder"),
    completion: .directory)
  package var cacertdir: String?

  @Option(
    name: End.names("cert"), help: ArgumentHelp("Present this certificate (PEM).", valueName: "file"),
    completion: .file())
  package var cert: String?

  @Option(
    name: End.names("tls-key"), help: ArgumentHelp("Use this key for the certificate (PEM).", valueName: "file"),
    completion: .file())
  package var tlsKey: String?

  @Flag(name: End.names("insecure"), help: "Accept each certificate without a check.")
  package var insecure = false

  package init() {}

  package func validate() throws {
    let (cert, key) = (End.flag("cert"), End.flag("tls-key"))
    if self.cert != nil && tlsKey == nil { throw ValidationError("\(cert) needs the certificate's key: \(key).") }
    if self.cert == nil && tlsKey != nil { throw ValidationError("\(key) needs its certificate: \(cert).") }
    if insecure && (cacert != nil || cacertdir != nil) {
      let authority = cacert != nil ? End.flag("cacert") : End.flag("cacertdir")
      throw ValidationError("\(End.flag("insecure")) and \(authority) contradict each other: give one.")
    }
  }

  /// The first option that has no effect without TLS; `nil` if none is given.
  var optionThatNeedsTLS: String? {
    let given: [(Bool, String)] = [
      (sni != nil, "sni"), (cacert != nil, "cacert"), (cacertdir != nil, "cacertdir"), (cert != nil, "cert"),
      (insecure, "insecure"),
    ]
    return given.first { $0.0 }.map { End.flag($0.1) }
  }

  var settings: TLSSettings {
    var settings = TLSSettings(isOn: tls)
    settings.sni = sni
    settings.caFile = cacert
    settings.caDirectory = cacertdir
    settings.certificate = cert
    settings.key = tlsKey
    settings.isInsecure = insecure
    return settings
  }
}
