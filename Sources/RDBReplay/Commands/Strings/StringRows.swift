extension CommandTable {
  static let stringRows: [CommandRow] = []
}
