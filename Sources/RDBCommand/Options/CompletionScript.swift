import ArgumentParser

/// The completion script of a shell, as ArgumentParser generates it, with the names of commands after `rdb help`.
///
/// ArgumentParser declares its `help` command without completions, and a command of ours with that name would be
/// listed twice.
struct CompletionScript {
  /// The script.
  private(set) var text: String

  /// Adds the names of `commands` to a generated script. A script of an unknown form is not changed.
  init(generated text: String, commands: [String]) {
    self.text = text
    let names = commands.joined(separator: " ")
    if text.hasPrefix("#compdef") {
      replaceInHelp("'*:subcommands:'", with: "'1:subcommand:(\(names))'")
    } else if text.hasPrefix("function __rdb") {
      self.text +=
        "\ncomplete -c 'rdb' -n '__rdb_should_offer_completions_for_positional \"rdb help\" -eq 1' -fka '\(names)'"
    } else {
      replaceInHelp(
        "__rdb_offer_flags_options -1\n",
        with: """
          __rdb_offer_flags_options -1

              # Offer the names of commands
              case "${positional_number}" in
              1)
                  COMPREPLY+=($(compgen -W '\(names)' -- "${cur}"))
                  return
                  ;;
              esac

          """)
    }
  }

  /// Replaces text in the function that completes `rdb help`, which is the last one.
  private mutating func replaceInHelp(_ old: String, with new: String) {
    guard let function = text.firstRange(of: "\n_rdb_help() {\n"),
      let range = text[function.upperBound...].firstRange(of: old)
    else { return }
    text.replaceSubrange(range, with: new)
  }
}
