import RDBSupport

/// A table whose columns line up on a terminal.
struct TextTable {
  /// The text of a cell, and the number of terminal columns that it takes.
  struct Cell: ExpressibleByStringInterpolation {
    var text: String
    var width: Int
    init(stringLiteral value: String) { (text, width) = (value, value.unicodeScalars.count) }
    init(_ value: String) { self.init(stringLiteral: value) }
    /// Bytes of a snapshot, escaped where a terminal needs it.
    ///
    /// - Parameter limit: The most columns, the indent included.
    init(_ bytes: some Collection<UInt8>, indent: Int = 0, limit: Int = .max) {
      let shown = DisplayText(bytes, limit: limit - indent)
      text = String(repeating: " ", count: indent) + shown.text
      width = shown.width + indent
    }
  }

  private var rows: [[Cell]] = []
  /// The indices of the columns that are aligned at their left.
  private let left: Set<Int>
  /// The number of spaces between columns.
  private let gap: Int

  init(left: Set<Int> = [0], gap: Int = 2, _ head: [Cell]) {
    self.left = left
    self.gap = gap
    rows = [head]
  }

  /// The width of all columns but the first, in columns of the terminal.
  var restWidth: Int { widths.dropFirst().reduce(0) { $0 + $1 + gap } }

  /// Replaces the first cell of a row. The head is row 0.
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

/// The width of the terminal in columns; 80 if it is not known.
var terminalWidth: Int {
  if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns >= 40 { return columns }
  var size = winsize()
  if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 { return Int(size.ws_col) }
  return 80
}

/// A cell with a number of bytes, `1.2 kB`; `–` for `nil`.
func bytes(_ count: UInt64?) -> TextTable.Cell {
  TextTable.Cell(count.map { readable(byteCount: Double($0)) } ?? "–")
}
