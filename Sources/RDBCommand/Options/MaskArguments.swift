import ArgumentParser
import RDB
import RDBEdit
import RDBSupport

/// The options about masked names.
struct MaskArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("Separator of the parts of a key's name, ASCII. Repeatable.", valueName: "text"))
  var sep: [String] = [":"]

  @Option(
    help: ArgumentHelp("Keep parts of names that at least n keys share.", valueName: "n"))
  var keepNames: UInt64 = 1000

  @OptionGroup var salt: SaltArguments

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
    let salt = try salt.given
    do {
      let options = try MaskingOptions(
        separators: sep.map { Array($0.utf8) }, keepNames: keepNames,
        salt: salt ?? SaltArguments.random)
      return (options, salt == nil)
    } catch {
      throw error.failure(in: "--sep")
    }
  }
}
