extension CommandTable {
  static let listRows: [CommandRow] = []
}
