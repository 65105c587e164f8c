import RDB
import RDBAnalysis
import RDBEdit
import RDBFormat

/// The counts of a comparison, and the growth by prefix.
struct DifferenceSummary {
  /// The names of the inputs.
  let before: String
  let after: String
  let matches: KeyMatches
  /// The sums of all keys.
  let all: PrefixGrowth.Node
  /// The sums by prefix: those with the largest growth, in the order of their names.
  let growth: [PrefixGrowth.Node]
  /// The number of prefixes that are left out.
  let omittedPrefixes: Int

  /// - Parameters:
  ///   - growth: The sums of all keys, then those by prefix.
  ///   - top: The most prefixes to show.
  init(before: String, after: String, _ matches: KeyMatches, growth: [PrefixGrowth.Node], top: Int?) {
    (self.before, self.after, self.matches) = (before, after, matches)
    all = growth[0]
    let prefixes = growth.dropFirst()
    if let top, top < prefixes.count {
      let largest = prefixes.enumerated().sorted { a, b in
        let (x, y) = (a.element.byteGrowth.magnitude, b.element.byteGrowth.magnitude)
        return x != y ? x > y : a.offset < b.offset
      }
      self.growth = largest.prefix(top).sorted { $0.offset < $1.offset }.map(\.element)
    } else {
      self.growth = Array(prefixes)
    }
    omittedPrefixes = prefixes.count - self.growth.count
  }
}

/// Writes the differences of two snapshots as text, CSV or JSON, key by key.
struct DifferenceWriter {
  let output: OutputFile
  private let form: RowForm
  private let defuses: Bool
  private var buffer: [UInt8] = []
  private var count = 0
  private var json = DifferenceJSON()

  private static let bufferByteCount = 64 << 10

  init(_ form: TableArguments, to output: OutputFile) {
    self.output = output
    (self.form, defuses) = (form.form, !form.noDefuse)
    switch self.form {
    case .text: break
    case .csv: buffer = CSVText(DifferenceRows.head, defuses: defuses).bytes
    case .json: buffer = Array("{\n\"format\": 1,\n\"differences\": [".utf8)
    }
  }

  mutating func add(_ key: KeyDifference) throws {
    switch form {
    case .text: buffer += DifferenceText(key).text.utf8
    case .csv: buffer += DifferenceRows(key, defuses: defuses).bytes
    case .json:
      buffer += count == 0 ? Array("\n".utf8) : Array(",\n".utf8)
      buffer += try json.object(key)
    }
    count += 1
    if buffer.count >= Self.bufferByteCount { try flush() }
  }

  /// Writes the summary, and all bytes that are left.
  mutating func finish(_ summary: DifferenceSummary) throws {
    switch form {
    case .text: buffer += summary.text(hasKeys: count > 0).utf8
    case .csv: break
    case .json:
      buffer += "\n],\n\"prefixes\": [".utf8
      for (number, node) in summary.growth.enumerated() {
        buffer += number == 0 ? Array("\n".utf8) : Array(",\n".utf8)
        buffer += try json.object(node)
      }
      buffer += "\n],\n\"summary\": ".utf8
      buffer += try json.object(summary)
      buffer += "\n}\n".utf8
    }
    try flush()
  }

  private mutating func flush() throws {
    try output.write(buffer.span.bytes, followedBy: RawSpan())
    buffer.removeAll(keepingCapacity: true)
  }
}
