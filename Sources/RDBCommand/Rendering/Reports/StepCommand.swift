import RDBAnalysis
import RDBReportPage
import RDBSupport

/// The command lines that show more about the steps of a report page, for a shell.
struct StepCommand {
  /// The snapshots as they were named on the command line.
  let paths: [String]
  /// The longest name in a command line, in bytes.
  private static let nameLimit = 200

  /// Returns the command line for a step.
  ///
  /// - Parameter dump: The number of the snapshot that the step is about; `nil`: any of several.
  func text(_ subject: NextStep.Subject, _ dump: Int?) -> String {
    let path = dump.map { paths[$0] }.flatMap { $0 == "-" ? nil : $0 }
    let file = path.map { Self.quoted(Array((($0.hasPrefix("-") ? "./" : "") + $0).utf8)) } ?? "DUMP"
    switch subject {
    case .prefixWithoutExpiry(let prefix):
      return "rdb memory \(file) --pattern \(Self.globOfPrefix(prefix.bytes)) --expire noexpire --top 20"
    case .expiredKeys(let reference):
      return "rdb keys \(file) --expired only" + (reference.map { " --now \($0)" } ?? "")
    case .nearMisses: return "rdb stats \(file)"
    case .repeatedValues: return "rdb stats \(file) --temp /var/tmp"
    case .idleKeys: return "rdb idle \(file) --top 100"
    case .largeKey(let key, let database, let isString):
      guard key.bytes.count <= Self.nameLimit else {
        return "rdb memory \(file) --pattern \(Self.globOfPrefix(key.bytes)) --top 5"
      }
      return Self.lookup(isString ? "get" : "top-elements", file, key.bytes, database)
    }
  }

  private static func lookup(_ command: String, _ file: String, _ key: [UInt8], _ database: UInt64) -> String {
    let escaped = escaped(key)
    let isPlain = escaped.elementsEqual(key) || isVisibleText(key)
    return "rdb \(command) \(file)" + (database > 0 ? " --db \(database)" : "") + (isPlain ? "" : " --escaped")
      + (key.first == UInt8(ascii: "-") ? " --" : "") + " \(quoted(isPlain ? key : escaped))"
  }

  /// Whether all bytes are visible characters of UTF-8.
  private static func isVisibleText(_ bytes: [UInt8]) -> Bool {
    String(validating: bytes, as: UTF8.self)?.unicodeScalars.allSatisfy(isVisible) ?? false
  }

  /// Returns the glob, quoted, that matches the names with a prefix. Of a long prefix, the beginning decides.
  private static func globOfPrefix(_ prefix: [UInt8]) -> String {
    quoted(glob(Array(prefix.prefix(nameLimit))) + [UInt8(ascii: "*")])
  }

  /// Returns the glob that matches bytes. A byte that a shell or a terminal would not show matches any byte.
  private static func glob(_ bytes: [UInt8]) -> [UInt8] {
    let isVisible = isVisibleText(bytes)
    var glob: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      // Folded digits and UUIDs match anything.
      let mark = ["<n>", "<uuid>"].first { ([byte] + rest).starts(with: $0.utf8) }
      if let mark {
        rest = rest.dropFirst(mark.utf8.count - 1)
        glob.append(UInt8(ascii: "*"))
      } else if "*?[]\\".utf8.contains(byte) {
        glob += [UInt8(ascii: "\\"), byte]
      } else {
        glob.append(isVisible || 0x20..<0x7F ~= byte ? byte : UInt8(ascii: "?"))
      }
    }
    return glob
  }

  /// Returns an argument in single quotes, unless it is plain.
  private static func quoted(_ bytes: [UInt8]) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    let isPlain = bytes.allSatisfy { byte in
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
        || "._/:@%+=,-".utf8.contains(byte)
    }
    return isPlain && !bytes.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
