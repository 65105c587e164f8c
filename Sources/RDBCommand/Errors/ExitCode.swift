/// How the process ends: the one table of exit codes.
///
/// Where several apply, 74 goes before 65, and 65 before 3. The numbers from 64 on are those of BSD's
/// `sysexits.h`. Scripts depend on them: a number never changes its meaning.
enum ExitCode: Int32, CaseIterable {
  case done = 0
  case nothingMatched = 1
  case losses = 3
  case usage = 64
  case damaged = 65
  case noInput = 66
  case unreachable = 69
  case bug = 70
  case ioError = 74
  case serverRefused = 76
  case notPermitted = 77
  case outputClosed = 141

  /// What the manual says of it.
  var meaning: String {
    switch self {
    case .done: "done"
    case .nothingMatched: "there are differences, or nothing matched"
    case .losses: "done, but the output lacks something; --lossy makes it 0"
    case .usage: "wrong options, or options that do not suit the input"
    case .damaged: "the input is damaged or not supported"
    case .noInput: "the input is missing or cannot be opened"
    case .unreachable: "the server cannot be reached"
    case .bug: "a mistake in rdb itself"
    case .ioError: "reading or writing failed, or the disk is full"
    case .serverRefused: "the server refused a command"
    case .notPermitted: "the server wants another password or more rights"
    case .outputClosed: "whoever read standard output went away"
    }
  }

  /// The table as `--help` and the manual show it.
  static var table: String {
    let rows = allCases.map { code in
      let number = "\(code.rawValue)"
      return "  " + number + String(repeating: " ", count: 7 - number.count) + code.meaning
    }
    return (rows + ["  128+n  ended by signal n (130: Ctrl-C)"]).joined(separator: "\n")
  }
}
