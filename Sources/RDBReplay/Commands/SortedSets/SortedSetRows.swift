extension CommandTable {
  static let sortedSetRows: [CommandRow] = []
}
