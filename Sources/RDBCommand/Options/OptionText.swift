import ArgumentParser

/// A text of the values of all options of a command, for a comparison with another run.
///
/// The text is made from the properties of the command. An option that is added later is in it too, unless it is named as
/// one that does not matter.
enum OptionText {
  /// Returns the text.
  ///
  /// - Parameter names: The properties of the command that do not matter: options, and groups of options.
  static func of(_ command: some ParsableArguments, without names: Set<String>) -> String {
    var lines: [String] = []
    add(command, to: &lines, named: "", without: names)
    return lines.joined(separator: "\n")
  }

  private static func add(_ arguments: Any, to lines: inout [String], named prefix: String, without names: Set<String>)
  {
    for child in Mirror(reflecting: arguments).children {
      guard let option = child.value as? any ParsedOption, let label = child.label else { continue }
      // A property `name` is stored as `_name`.
      let name = String(label.dropFirst())
      if names.contains(name) { continue }
      let value = option.parsedValue
      if value is any ParsableArguments {
        add(value, to: &lines, named: "\(prefix)\(name).", without: [])
      } else {
        lines.append("\(prefix)\(name) = \(String(reflecting: value))")
      }
    }
  }
}

/// A property of a command that the command line sets.
private protocol ParsedOption {
  var parsedValue: Any { get }
}

extension Argument: ParsedOption { fileprivate var parsedValue: Any { wrappedValue } }
extension Option: ParsedOption { fileprivate var parsedValue: Any { wrappedValue } }
extension Flag: ParsedOption { fileprivate var parsedValue: Any { wrappedValue } }
extension OptionGroup: ParsedOption { fileprivate var parsedValue: Any { wrappedValue } }
