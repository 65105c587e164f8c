import ArgumentParser
import RDB
import RDBEdit
import RDBSupport

/// The options about masked names.
struct MaskArguments: ParsableArguments {
  /// The environment variable with the salt.
  static let variable = "RDB_MASK_SALT"
  private static let saltLimit = 1 << 20

  @Option(
    help: ArgumentHelp("Separator of the parts of a key's name, ASCII. Repeatable.", valueName: "text"))
  var sep: [String] = [":"]

  @Option(
    help: ArgumentHelp("Keep parts of names that at least n keys share.", valueName: "n"))
  var keepNames: UInt64 = 1000

  @Option(
    help: ArgumentHelp(
      "Take the salt from this file; or from the variable \(variable). Default: random.", valueName: "file"),
    completion: .file())
  var salt: String?

  func validate() throws {
    guard sep.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { $0 < 0x80 } }) else {
      throw ValidationError("--sep takes ASCII characters, at least one.")
    }
    if keepNames < 2 { throw ValidationError("--keep-names takes at least 2 keys, not \(keepNames).") }
  }

  /// The options of the library, and whether the salt is random.
  ///
  /// - Throws: ``Failure``.
  func options() throws -> (options: MaskingOptions, isRandom: Bool) {
    let salt = try givenSalt
    do {
      let options = try MaskingOptions(
        separators: sep.map { Array($0.utf8) }, keepNames: keepNames,
        salt: salt ?? (0..<32).map { _ in UInt8.random(in: .min ... .max) })
      return (options, salt == nil)
    } catch {
      throw error.failure(in: "--sep")
    }
  }

  /// The salt of the file, without the newline at its end, or of the variable; `nil`: there is none.
  private var givenSalt: [UInt8]? {
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
