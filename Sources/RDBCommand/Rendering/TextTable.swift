import RDBSupport
/// Rows of cells in columns that line up on a terminal.
struct TextTable {
  /// A cell as it is shown, and its columns.
  struct Cell: ExpressibleByStringInterpolation {
    var text: String
    var width: Int
    init(stringLiteral value: String) { (text, width) = (value, value.unicodeScalars.count) }
    init(_ value: String) { self.init(stringLiteral: value) }
    /// Bytes of a snapshot.
    init(_ bytes: some Collection<UInt8>, indent: Int = 0, limit: Int = .max) {
      let shown = DisplayText(bytes, limit: limit - indent)
      text = String(repeating: " ", count: indent) + shown.text
      width = shown.width + indent
    }
  }

  private var rows: [[Cell]] = []
  /// Numbers of the columns that are aligned at their left.
  private let left: Set<Int>
  /// Spaces between columns.
  private let gap: Int

  init(left: Set<Int> = [0], gap: Int = 2, _ head: [Cell]) {
    self.left = left
    self.gap = gap
    rows = [head]
  }

  /// Columns of the terminal that all but the first column take.
  var restWidth: Int { widths.dropFirst().reduce(0) { $0 + $1 + gap } }

  /// Changes the first cell of a row; the head is row 0.
  mutating func setFirst(_ row: Int, _ cell: Cell) { rows[row][0] = cell }

  mutating func add(_ row: [Cell]) { rows.append(row) }

  var isEmpty: Bool { rows.count < 2 }

  private var widths: [Int] {
    var widths: [Int] = []
    for row in rows {
      for (number, cell) in row.enumerated() {
        if number == widths.count { widths.append(0) }
        widths[number] = max(widths[number], cell.width)
      }
    }
    return widths
  }

  var text: String {
    let widths = widths
    return rows.map { line($0, widths) + "\n" }.joined()
  }

  private func line(_ row: [Cell], _ widths: [Int]) -> String {
    var line = ""
    var gap = ""
    for (number, cell) in row.enumerated() {
      let padding = String(repeating: " ", count: widths[number] - cell.width)
      line += gap + (left.contains(number) ? cell.text + (number == row.count - 1 ? "" : padding) : padding + cell.text)
      gap = String(repeating: " ", count: self.gap)
    }
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }
}

/// Columns of the terminal, or 80.
var terminalWidth: Int {
  if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns >= 40 { return columns }
  var size = winsize()
  if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 { return Int(size.ws_col) }
  return 80
}

/// `12.3 %`
func percent(_ part: UInt64, of whole: UInt64) -> String {
  guard whole > 0 else { return "–" }
  let tenths = Int((Double(part) / Double(whole) * 1000).rounded())
  return tenths >= 1000 || tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
}

/// `1234567`, or from ten million on `12.3M`.
func short(_ count: UInt64) -> String {
  guard count >= 10_000_000 else { return "\(count)" }
  let (value, unit) = count >= 10_000_000_000 ? (Double(count) / 1e9, "G") : (Double(count) / 1e6, "M")
  return "\((value * 10).rounded() / 10)\(unit)"
}

/// `1.2 kB`, with room for a column.
func bytes(_ count: UInt64?) -> TextTable.Cell {
  TextTable.Cell(count.map { readable(byteCount: Double($0)) } ?? "–")
}
