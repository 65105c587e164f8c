/// A call as another tool named `rdb` takes it: `rdb -c json dump.rdb`.
struct OldCall {
  let tool: OldTool
  /// The word after `-c`.
  let word: String
  /// The values of the options, by the first of each option's names. An option without a value has an empty one.
  let values: [String: [String]]
  /// The path of the dump.
  let dump: String

  /// The last value of an option.
  subscript(name: String) -> String? { values[name]?.last }
  func has(_ name: String) -> Bool { values[name] != nil }

  private static let helpNames: Set = ["-h", "--help", "help", "--version"]

  /// Reads a call; `nil`: it is a call of this command.
  ///
  /// - Parameter commands: The names of this command's subcommands.
  /// - Throws: ``Failure`` if it is a call of another tool that has faults, or that two tools understand differently.
  init?(_ arguments: [String], commands: [String]) throws {
    guard let first = arguments.first, !commands.contains(first), !Self.helpNames.contains(first),
      let word = Self.word(arguments)
    else { return nil }
    let (compat, rest) = try Self.takingCompat(arguments)
    tool = try compat ?? Self.tool(of: word, Self.names(rest))
    self.word = word
    guard tool.words.contains(word) else {
      throw Failure(
        .usage, "\(tool.rawValue) has no command \(shown(word))",
        hint: "It has \(tool.words.joined(separator: ", ")). rdb --help lists the commands of this tool.")
    }
    var paths: [String] = []
    (values, paths) = try Self.parse(rest, tool)
    guard paths.count == 1 else {
      throw Failure(.usage, paths.isEmpty ? "the path of a dump is missing" : "there is more than one dump")
    }
    dump = paths[0]
  }

  // MARK: Recognizing

  /// The word after `-c` or `--command`.
  private static func word(_ arguments: [String]) -> String? {
    for (index, argument) in arguments.enumerated() {
      for name in ["-c", "--c", "--command"] {
        if argument == name { return arguments.dropFirst(index + 1).first }
        if argument.hasPrefix(name + "=") { return String(argument.dropFirst(name.count + 1)) }
      }
      for word in OldTool.rdbtools.words where argument == "-c" + word { return word }
    }
    return nil
  }

  /// Splits off `--compat`.
  private static func takingCompat(_ arguments: [String]) throws -> (OldTool?, [String]) {
    var rest = arguments
    guard let index = rest.firstIndex(where: { $0 == "--compat" || $0.hasPrefix("--compat=") }) else {
      return (nil, rest)
    }
    let argument = rest.remove(at: index)
    let name: String
    if argument == "--compat" {
      guard index < rest.count else { throw Failure(.usage, "--compat needs hdt3213 or rdbtools") }
      name = rest.remove(at: index)
    } else {
      name = String(argument.dropFirst("--compat=".count))
    }
    guard let tool = OldTool(rawValue: name) else {
      throw Failure(.usage, "--compat takes hdt3213 or rdbtools, not \(shown(name))")
    }
    return (tool, rest)
  }

  /// The names of all options, without hyphens.
  private static func names(_ arguments: [String]) -> Set<String> {
    Set(
      arguments.filter { $0.count > 1 && $0.hasPrefix("-") }.map { argument in
        String(argument.drop { $0 == "-" }.prefix { $0 != "=" })
      })
  }

  /// The tool that a call is for: by its word, else by the options that only one of them has.
  private static func tool(of word: String, _ names: Set<String>) throws -> OldTool {
    let able = OldTool.allCases.filter { $0.words.contains(word) }
    if able.count == 1 { return able[0] }
    guard !able.isEmpty else {
      throw Failure(
        .usage, "-c \(shown(word)): no tool named rdb has this command",
        hint: "rdb --help lists the commands of this tool.")
    }
    let hinting = able.filter { tool in
      let others = able.filter { $0 != tool }
      return names.contains { name in tool.option(name) != nil && others.allSatisfy { $0.option(name) == nil } }
    }
    if hinting.count == 1 { return hinting[0] }
    // The tool in Go writes to a file only.
    if hinting.isEmpty, names.isDisjoint(with: ["o", "n"]) { return .rdbtools }
    throw Failure(
      .usage, "-c \(word) with these options means something else in each of two tools named rdb",
      hint: "Give --compat hdt3213 (-o FILE, -n COUNT) or --compat rdbtools (-o NOT-KEY, -n DATABASE).")
  }

  // MARK: Parsing

  private static func parse(_ arguments: [String], _ tool: OldTool) throws -> ([String: [String]], [String]) {
    var values: [String: [String]] = [:]
    var paths: [String] = []
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      // As Go's package flag does, which stops at the first operand.
      if tool == .hdt3213, !paths.isEmpty || argument == "--" {
        if argument != "--" { paths.append(argument) }
        paths += arguments[index...]
        break
      }
      guard argument.count > 1, argument.hasPrefix("-") else {
        paths.append(argument)
        continue
      }
      if argument == "--" {
        paths += arguments[index...]
        break
      }
      let body = argument.drop { $0 == "-" }
      var name = String(body.prefix { $0 != "=" })
      var value = body.count > name.count ? String(body.dropFirst(name.count + 1)) : nil
      // argparse takes the value of a short option without a space.
      if tool == .rdbtools, !argument.hasPrefix("--"), body.count > 1 {
        (name, value) = (String(body.prefix(1)), String(body.dropFirst()))
      }
      guard let option = tool.option(name) else {
        throw Failure(
          .usage, "\(tool.rawValue) has no option \(shown(argument)) that this tool understands",
          hint: "rdb --help lists the commands of this tool.")
      }
      if option.hasValue, value == nil {
        guard index < arguments.count else { throw Failure(.usage, "\(shown(argument)) needs a value") }
        value = arguments[index]
        index += 1
      }
      values[option.name, default: []].append(value ?? "")
    }
    return (values, paths)
  }
}
