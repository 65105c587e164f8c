import ArgumentParser
import RDB
import RDBSupport

/// The option about the secret bytes that the tokens of names depend on.
struct SaltArguments: ParsableArguments {
  /// The environment variable with the salt.
  static let variable = "RDB_MASK_SALT"
  private static let saltLimit = 1 << 20

  @Option(
    help: ArgumentHelp(
      "Take the salt from this file; or from the variable \(variable). Default: random.", valueName: "file"),
    completion: .file())
  var salt: String?

  /// A new salt.
  static var random: [UInt8] { (0..<32).map { _ in UInt8.random(in: .min ... .max) } }

  /// The salt of the file, without the newline at its end, or of the variable; `nil`: there is none.
  var given: [UInt8]? {
    get throws {
      if let path = salt {
        let name = shown(path)
        do {
          guard var bytes = try FileSource(path: path).contents(limit: Self.saltLimit) else {
            throw Failure(.usage, "\(name): a salt has at most \(Self.saltLimit) bytes")
          }
          if bytes.last == 10 { bytes.removeLast() }
          if bytes.last == 13 { bytes.removeLast() }
          if bytes.isEmpty { throw Failure(.usage, "\(name): the salt is empty") }
          return bytes
        } catch let failure as Failure {
          throw failure
        } catch {
          let error = RDBError.transfer("open", error, at: 0)
          let reason = error.systemError.map { String(cString: strerror($0)) } ?? error.found
          throw Failure(.noInput, "\(name): cannot be read: \(reason)")
        }
      }
      guard let text = getenv(Self.variable).map({ String(cString: $0) }) else { return nil }
      if text.isEmpty { throw Failure(.usage, "the variable \(Self.variable) is empty") }
      return Array(text.utf8)
    }
  }
}
