import RDBAnalysis

/// A cell of a table.
enum PageCell {
  case name(BinaryText?)
  /// A name in a table with many columns.
  case shortName(BinaryText?)
  /// The name of a key with a repeated value, or a hash tag: at most ``ReportLimits/example`` bytes of it.
  case example(BinaryText)
  case text(String)
  case bytes(UInt64?)
  case count(UInt64?)
  /// A figure in its final form, with the value to sort by.
  case figure(String, (any BinaryInteger & Sendable)?)
  /// A signed number of bytes.
  case growth(Int64)
  case bar(UInt64, of: UInt64, isWarm: Bool)
  /// A line of values in the order of time.
  case line([UInt64?])
}

/// A table of the page. Its rows are those of a list of the JSON form, in the same order.
struct PageTable<Row> {
  struct Column {
    let title: String
    /// The member of a row of the JSON form that the column shows; `nil` for a bar.
    let member: String?
    let isNumber: Bool
    let cell: (Row) -> PageCell

    static func words(_ title: String, _ member: String, _ cell: @escaping (Row) -> PageCell) -> Column {
      Column(title: title, member: member, isNumber: false, cell: cell)
    }

    static func number(_ title: String, _ member: String, _ cell: @escaping (Row) -> PageCell) -> Column {
      Column(title: title, member: member, isNumber: true, cell: cell)
    }

    static func chart(_ title: String, _ cell: @escaping (Row) -> PageCell) -> Column {
      Column(title: title, member: nil, isNumber: false, cell: cell)
    }
  }

  /// The position of the list in the JSON form.
  let path: String
  let caption: String
  var isFilterable = false
  /// The column that the rows are sorted by.
  var sorted: String?
  let columns: [Column]
  let rows: [Row]
}

extension HTMLText {
  mutating func table<Row>(_ table: PageTable<Row>) {
    let id = "t-" + table.path.replacing("/", with: "-")
    markup("<div class=\"card\">")
    if table.isFilterable, table.rows.count > 5 { filter(id, table.caption, table.rows.count) }
    markup("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"")
    text(table.caption)
    markup("\"><table id=\"\(id)\" data-list=\"\(table.path)\"><caption>")
    text(table.caption)
    markup("</caption><thead><tr>")
    for column in table.columns { head(column.title, column.member, column.isNumber, table.sorted, table.rows.count) }
    markup("</tr></thead><tbody>\n")
    for row in table.rows {
      markup("<tr>")
      for (index, column) in table.columns.enumerated() { cell(column.cell(row), isHead: index == 0) }
      markup("</tr>\n")
    }
    markup("</tbody></table></div></div>")
  }

  private mutating func filter(_ id: String, _ caption: String, _ count: Int) {
    markup("<div class=\"filter\"><label for=\"\(id)-f\">Filter</label> <input id=\"\(id)-f\" type=\"search\" ")
    markup("autocomplete=\"off\" spellcheck=\"false\" data-filters=\"\(id)\" aria-label=\"Filter: ")
    text(caption)
    markup("\"> <output for=\"\(id)-f\" data-rows=\"\(count)\">\(count) rows</output></div>")
  }

  private mutating func head(
    _ title: String, _ member: String?, _ isNumber: Bool, _ sorted: String?, _ count: Int
  ) {
    let isSortable = sorted != nil && member != nil && count > 1
    markup("<th scope=\"col\"\(isNumber ? " class=\"n\"" : "")")
    if let member { markup(" data-c=\"\(member)\"") }
    if isSortable { markup(" aria-sort=\"\(member == sorted ? "descending" : "none")\"") }
    markup(">")
    if isSortable { markup("<button type=\"button\">") }
    text(title)
    if isSortable { markup("</button>") }
    markup("</th>")
  }

  private mutating func cell(_ cell: PageCell, isHead: Bool) {
    let element = isHead ? "th scope=\"row\"" : "td"
    func end() -> String { isHead ? "</th>" : "</td>" }
    func number(_ text: String, _ value: String) {
      markup("<\(element) class=\"n\" data-v=\"\(value)\">")
      self.text(text)
    }
    switch cell {
    case .name(let name):
      markup("<\(element) class=\"k\">")
      if let name { self.name(name.bytes) } else { text("–") }
    case .shortName(let name):
      markup("<\(element) class=\"k\">")
      if let name { self.name(name.bytes, limit: 40) } else { text("–") }
    case .example(let name):
      markup("<\(element) class=\"k\">")
      self.name(name.bytes, stored: ReportLimits.example)
    case .text(let text):
      markup("<\(element)>")
      self.text(text)
    case .bytes(let value): number(Figure.bytes(value), value.map { "\($0)" } ?? "")
    case .count(let value): number(Figure.count(value), value.map { "\($0)" } ?? "")
    case .figure(let text, let value): number(text, value?.description ?? "")
    case .growth(let value): number(Figure.growth(value), "\(value)")
    case .bar(let part, let whole, let isWarm):
      markup("<\(element) class=\"b\">")
      bar(part, of: whole, isWarm: isWarm)
    case .line(let values):
      markup("<\(element) class=\"b\">")
      line(values)
    }
    markup(end())
  }

  /// Appends a line from the first value to the last, above zero.
  private mutating func line(_ values: [UInt64?]) {
    let largest = Double(max(values.compactMap { $0 }.max() ?? 1, 1))
    var points: [String] = []
    for (index, value) in values.enumerated() {
      guard let value else { continue }
      let x = values.count > 1 ? index * 1000 / (values.count - 1) : 0
      points.append("\(Double(x) / 10),\((19 - Double(value) / largest * 18).rounded())")
    }
    markup(
      "<svg class=\"line\" viewBox=\"0 0 100 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><polyline points=\""
        + points.joined(separator: " ") + "\"/></svg>")
  }
}
