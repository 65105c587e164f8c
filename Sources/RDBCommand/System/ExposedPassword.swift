import RDBSupport

/// A password among the arguments of the process, where other programs can see it.
package struct ExposedPassword: Hashable, Sendable {
  /// The names of the option whose value has the password; the first one is for messages.
  package var flags: [String]
  /// The password, or the part of a URI that has it, as it was typed.
  var text: String

  /// The beginning of an argument without an option, which comes before the password; `nil`: an option has it.
  private var operandStart: String?

  /// - Parameter flags: The names of the option that has the password.
  package init(_ text: String, in flags: [String]) { (self.text, self.flags) = (text, flags) }

  /// - Parameter start: The text before the password in an argument that belongs to no option, such as `redis://`.
  package init(_ text: String, inOperand start: String) { (self.text, flags, operandStart) = (text, [], start) }

  /// The place of the password, for messages.
  var place: String { flags.first ?? "the address of an input" }

  /// Overwrites the password in the memory from which the system lists the arguments. For a short time after the start
  /// of the process, it was there.
  func hide() {
    var previous: [UInt8] = []
    for index in 0..<Int(CommandLine.argc) {
      guard let start = CommandLine.unsafeArgv[index] else { return }
      let argument = (0..<strlen(start)).map { UInt8(bitPattern: start[$0]) }
      for offset in range(in: argument, after: previous) { start[offset] = CChar(UInt8(ascii: "*")) }
      previous = argument
    }
  }

  /// Returns the offsets of the password in an argument; none if the argument is not the value of the option.
  ///
  /// - Parameter previous: The argument before.
  package func range(in argument: [UInt8], after previous: [UInt8]) -> Range<Int> {
    let secret = Array(text.utf8)
    if let start = operandStart.map({ Array($0.utf8) }) {
      guard argument.starts(with: start + secret) else { return 0..<0 }
      return start.count..<(start.count + secret.count)
    }
    for flag in flags.map({ Array($0.utf8) }) where !secret.isEmpty {
      let start = previous == flag ? 0 : flag.count + 1
      guard previous == flag || argument.starts(with: flag + [UInt8(ascii: "=")]) else { continue }
      let last = argument.count - secret.count
      guard start <= last, let offset = (start...last).first(where: { argument[$0...].starts(with: secret) })
      else { continue }
      return offset..<(offset + secret.count)
    }
    return 0..<0
  }
}
