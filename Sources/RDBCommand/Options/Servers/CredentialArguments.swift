import ArgumentParser
import RedisTransfer

/// The options that name the user and the place of the password.
package struct CredentialArguments<End: ServerEnd>: ParsableArguments {
  @Option(name: End.names("user"), help: ArgumentHelp("Log in as this user. Default: default.", valueName: "name"))
  package var user: String?

  @Option(
    name: End.names("pass", short: "a"), parsing: .unconditional,
    help: ArgumentHelp(
      "Log in with this password, which others on this machine may see. Safer: \(End.passwordVariable).",
      valueName: "password"))
  package var password: String?

  @Flag(name: End.names("askpass"), help: "Ask for the password on the terminal.")
  package var askpass = false

  @Option(
    name: End.names("pass-file"), help: ArgumentHelp("Read the password from this file.", valueName: "file"),
    completion: .file())
  package var passFile: String?

  @Option(
    name: End.names("sentinel-user"), help: ArgumentHelp("Log in to sentinels as this user.", valueName: "name"))
  package var sentinelUser: String?

  @Option(
    name: End.names("sentinel-pass-file"),
    help: ArgumentHelp(
      "Read the sentinels' password from this file, or set \(End.sentinelPasswordVariable).", valueName: "file"),
    completion: .file())
  package var sentinelPassFile: String?

  package init() {}

  package func validate() throws {
    let sources = passwordOptions
    if sources.count > 1 { throw ValidationError("\(sources[0]) and \(sources[1]) contradict each other: give one.") }
    for (flag, name) in [(End.flag("user"), user), (End.flag("sentinel-user"), sentinelUser)]
    where name.map({ $0.isEmpty || $0.contains("\0") }) ?? false {
      throw ValidationError("\(flag) takes the name of a user.")
    }
  }

  /// The options that give a password.
  private var passwordOptions: [String] {
    let given: [(Bool, String)] = [
      (password != nil, End.flag("pass", short: "a")), (askpass, End.flag("askpass")),
      (passFile != nil, End.flag("pass-file")),
    ]
    return given.filter(\.0).map(\.1)
  }

  /// The first option about the user of servers with data; `nil` if none is given.
  var firstOption: String? { user != nil ? End.flag("user") : passwordOptions.first }

  /// The first option about sentinels; `nil` if none is given.
  var optionForSentinels: String? {
    sentinelUser != nil
      ? End.flag("sentinel-user") : sentinelPassFile != nil ? End.flag("sentinel-pass-file") : nil
  }

  /// Returns the credentials for servers with data; `nil` if there is no password.
  ///
  /// - Parameter server: The server, for the question.
  func ofServers(_ passwords: PasswordPlaces, at server: String) throws -> Credentials? {
    var bytes: [UInt8]?
    if let password {
      passwords.warn(ExposedPassword(password, in: End.flags("pass", short: "a")))
      bytes = Array(password.utf8)
    } else if askpass {
      bytes = try passwords.ask("Password of \(user.map { "user \(shown($0))" } ?? "user default") at \(server): ")
    } else if let passFile {
      bytes = try passwords.read(passFile)
    } else {
      bytes = passwords.password(in: [End.passwordVariable])
    }
    return try credentials(user, bytes, End.flag("user")) {
      "\(End.flag("askpass")), \(End.flag("pass-file")) or the variable \(End.passwordVariable)"
    }
  }

  /// Returns the credentials for sentinels; `nil` if there is no password.
  func ofSentinels(_ passwords: PasswordPlaces) throws -> Credentials? {
    let bytes = try sentinelPassFile.map(passwords.read) ?? passwords.password(in: [End.sentinelPasswordVariable])
    return try credentials(sentinelUser, bytes, End.flag("sentinel-user")) {
      "\(End.flag("sentinel-pass-file")) or the variable \(End.sentinelPasswordVariable)"
    }
  }

  private func credentials(_ user: String?, _ password: [UInt8]?, _ flag: String, _ ways: () -> String) throws
    -> Credentials?
  {
    guard let password else {
      if user != nil { throw Failure(.usage, "\(flag) needs a password: give \(ways()).") }
      return nil
    }
    return Credentials(user: user.map { Array($0.utf8) }, password: Secret(password))
  }
}
