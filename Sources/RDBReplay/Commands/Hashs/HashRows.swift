extension CommandTable {
  static let hashRows: [CommandRow] = []
}
