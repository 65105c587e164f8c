import Foundation
import TestSupport
import Testing

/// The completion scripts, run by their shells. `scripts/setup.sh test` installs the shells.
@Suite("Shell completion")
struct CompletionTests {
  static let types = ["array", "hash", "list", "module", "path-hash", "set", "stream", "string", "zset"]
  static let servers = [
    "2.4", "2.6", "2.8", "3.0", "3.2", "4.0", "5.0", "6.0", "6.2", "7.0", "7.2", "7.4", "8.0", "8.2", "8.4", "8.6",
    "8.8", "8.10", "valkey-7.2", "valkey-8.0", "valkey-8.1", "valkey-9.0", "valkey-9.1", "valkey-9.2",
  ]

  /// A line, with the cursor at its end, and the words that a shell must offer there, in any order.
  static let offers: [(line: String, words: [String])] = [
    ("rdb json --type ", types),
    ("rdb json -t ", types),
    ("rdb keys --no-type s", ["set", "stream", "string"]),
    ("rdb resp --target ", servers),
    ("rdb resp --target valkey-9", ["valkey-9.0", "valkey-9.1", "valkey-9.2"]),
    ("rdb memory --server ", servers),
    ("rdb resp --functions ", ["append", "replace", "skip"]),
    ("rdb json --expired ", ["keep", "only", "skip"]),
    ("rdb analyze --reports ", ["all", "bigkeys", "keys", "memory", "prefix", "stats", "ttl"]),
    ("rdb help ", HelpTests.commands.filter { $0 != "rdb" }),
    ("rdb help me", ["memkeys", "memory", "merge", "merge-reports"]),
    ("rdb he", ["help"]),
  ]

  static func script(_ shell: String, in folder: Scratch, as name: String) {
    let script = Tool.run("--generate-completion-script", shell)
    #expect(script.status == 0 && script.error == "")
    folder.write(Array(script.output), as: name)
  }

  /// Compares what a shell offers, one word per line, with what it must offer.
  static func check(_ outcome: Outcome, _ offer: (line: String, words: [String])) {
    let words = outcome.text.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    #expect(
      Set(words.map { $0.trimmingCharacters(in: .whitespaces) }) == Set(offer.words), "\(offer.line)\(outcome.error)")
  }

  @Test("in bash offers the values of options and the commands that help takes", arguments: offers.indices)
  func bash(_ number: Int) {
    let offer = Self.offers[number]
    let folder = Scratch()
    Self.script("bash", in: folder, as: "script")
    folder.write(
      Array(
        #"""
        source ./script
        COMP_LINE=$1 COMP_POINT=${#1}
        read -ra COMP_WORDS <<<"$1"
        [[ $1 == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _rdb rdb "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
        """#.utf8), as: "complete")
    Self.check(Tool.shell("bash complete '\(offer.line)'", in: folder), offer)
  }

  static func isInstalled(_ shell: String) -> Bool { Tool.shell("command -v \(shell)").status == 0 }

  @Test(
    "in fish offers the values of options and the commands that help takes",
    .enabled(if: isInstalled("fish"), "`make test-setup` installs fish"), arguments: offers.indices)
  func fish(_ number: Int) {
    let offer = Self.offers[number]
    let folder = Scratch()
    Self.script("fish", in: folder, as: "script")
    let line = "HOME=$PWD fish --no-config -c \"source ./script; complete -C '\(offer.line)'\""
    Self.check(Tool.shell(line, in: folder), offer)
  }

  @Test(
    "in zsh offers the values of options and the commands that help takes",
    .enabled(if: isInstalled("zsh"), "`make test-setup` installs zsh"), arguments: offers.indices)
  func zsh(_ number: Int) {
    let offer = Self.offers[number]
    let folder = Scratch()
    Self.script("zsh", in: folder, as: "_rdb")
    // Completion needs a terminal: `complete` gives an interactive shell one, types the line and a tab, and the
    // shell notes what is added to its list.
    folder.write(
      Array(
        #"""
        PROMPT=
        autoload -Uz compinit; compinit -u -D
        source ./_rdb
        bindkey '^I' complete-word
        zstyle ':completion:*' insert-tab false
        compadd() {
          if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
          local -a hits; builtin compadd -A hits "$@"
          printf '%s\n' $hits >>offers
        }
        finish() { echo >>end; exit }
        comppostfuncs=(finish)
        echo ready
        """#.utf8), as: "settings")
    folder.write(
      Array(
        #"""
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell 'source ./settings'
        zpty -r shell line '*ready*'
        zpty -w -n shell "$1"$'\t'
        for i in {1..600}; do [[ -e end ]] && break; sleep 0.05; done
        zpty -d shell
        [[ -e offers ]] && cat offers
        """#.utf8), as: "complete")
    Self.check(Tool.shell("HOME=$PWD zsh -f complete '\(offer.line)'", in: folder), offer)
  }
}
