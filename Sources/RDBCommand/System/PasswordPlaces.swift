import RDB
import RDBSupport

/// The places where passwords are: the environment, files, the terminal. Tests give other ones.
package struct PasswordPlaces: Sendable {
  /// The longest password, in bytes.
  static let byteLimit = 64 << 10

  /// Returns the value of an environment variable; `nil` if it is not set.
  package var variable: @Sendable (String) -> [UInt8]?
  /// Returns the first line of a file.
  package var read: @Sendable (String) throws -> [UInt8]
  /// Asks a question on the terminal, and returns the answer, which is not shown.
  package var ask: @Sendable (String) throws -> [UInt8]
  /// Warns about a password among the arguments, and hides it from programs that list them.
  package var warn: @Sendable (ExposedPassword) -> Void

  package init(
    variable: @escaping @Sendable (String) -> [UInt8]?, read: @escaping @Sendable (String) throws -> [UInt8],
    ask: @escaping @Sendable (String) throws -> [UInt8], warn: @escaping @Sendable (ExposedPassword) -> Void
  ) {
    (self.variable, self.read, self.ask, self.warn) = (variable, read, ask, warn)
  }

  /// Returns the password in the first of some environment variables that is set; `nil` if that one is empty, or none is
  /// set.
  func password(in names: [String]) -> [UInt8]? {
    let password = names.lazy.compactMap(variable).first
    return password?.isEmpty == true ? nil : password
  }

  /// The environment, the files and the terminal of this process.
  package static let ofProcess = PasswordPlaces(
    variable: { name in
      getenv(name).map { Array(String(cString: $0).utf8) }
    },
    read: firstLine,
    ask: { question in try Terminal.answer(to: question) },
    warn: { password in
      password.hide()
      StandardStreams.writeError(
        "rdb: \(password.place) has a password, which other users and the shell's history may have seen\n")
    })

  private static func firstLine(of path: String) throws -> [UInt8] {
    let name = shown(path)
    var bytes: [UInt8]?
    do {
      bytes = try FileSource(path: path).contents(limit: byteLimit)
    } catch {
      let error = RDBError.transfer("open", error, at: 0)
      let reason = error.systemError.map { String(cString: strerror($0)) } ?? error.found
      throw Failure(.noInput, "\(name): the password cannot be read: \(reason)")
    }
    guard let bytes else { throw Failure(.usage, "\(name) is too large for a password file") }
    var line = bytes.prefix { $0 != 10 }
    if line.last == 13 { line.removeLast() }
    guard bytes.dropFirst(line.count).allSatisfy({ $0 == 10 || $0 == 13 }) else {
      throw Failure(.usage, "\(name) has more than one line; a password file has exactly one")
    }
    return Array(line)
  }
}
