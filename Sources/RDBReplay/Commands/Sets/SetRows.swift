extension CommandTable {
  static let setRows: [CommandRow] = []
}
