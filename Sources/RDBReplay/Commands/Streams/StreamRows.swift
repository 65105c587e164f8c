extension CommandTable {
  static let streamRows: [CommandRow] = []
}
