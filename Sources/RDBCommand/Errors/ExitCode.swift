/// The exit codes of the command: the only table of them.
///
/// Where several apply, 74 takes precedence over 65, and 65 over 3. The numbers from 64 on are those of BSD's
/// `sysexits.h`. Scripts depend on them: a number never changes its meaning.
package enum ExitCode: Int32, CaseIterable {
  case done = 0
  case nothingMatched = 1
  case losses = 3
  case usage = 64
  case damaged = 65
  case noInput = 66
  case unreachable = 69
  case bug = 70
  case ioError = 74
  case refused = 76
  case noPermission = 77
  case outputClosed = 141

  /// The meaning, as help and the manual pages show it.
  var meaning: String {
    switch self {
    case .done: "success"
    case .nothingMatched: "nothing matched, or there are differences"
    case .losses: "success, but the output lacks something; --lossy makes it 0"
    case .usage: "wrong options, or options that do not suit the input"
    case .damaged: "the input is damaged or not supported"
    case .noInput: "the input is missing or cannot be opened"
    case .unreachable: "a server cannot be reached, or does not answer"
    case .bug: "a bug in rdb"
    case .ioError: "reading or writing failed, or the disk is full"
    case .refused: "a server refused what was asked, for example because it is full"
    case .noPermission: "a server refused the password, or the user lacks a permission"
    case .outputClosed: "the reader of standard output closed it"
    }
  }

  /// The table, one code per line, as `--help` and the manual page of `rdb` show it.
  static var table: String {
    let rows = allCases.map { code in
      let number = "\(code.rawValue)"
      return "  " + number + String(repeating: " ", count: 7 - number.count) + code.meaning
    }
    return (rows + ["  128+n  ended by signal n (130: Ctrl-C)"]).joined(separator: "\n")
  }
}
