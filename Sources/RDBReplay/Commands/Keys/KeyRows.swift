extension CommandTable {
  static let keyRows: [CommandRow] = []
  static let serverRows: [CommandRow] = []
  static let rowsWithoutEffect: [CommandRow] = []
  static let rowsNotReplayed: [CommandRow] = []
}
