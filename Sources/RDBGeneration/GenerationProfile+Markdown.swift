extension GenerationProfile {
  /// The table of all profiles in Markdown, as the command and the documentation show it.
  package static var markdown: String {
    var lines = [
      "| profile | share | what | key | elements | bytes of a value | content | expiring |",
      "| --- | --: | --- | --- | --: | --: | --- | --: |",
    ]
    for profile in all {
      let shares = profile.rows.reduce(0) { $0 + $1.share }
      for (number, row) in profile.rows.enumerated() {
        let name = number == 0 ? "**\(profile.name.rawValue)** \(profile.extent)" : ""
        let share = percent(row.share, of: shares)
        lines.append(
          "| \(name) | \(share) | \(row.shape.rawValue) | \(row.nameShown) "
            + "| \(shown(row.elements)) | \(shown(row.valueBytes)) | \(row.content.rawValue) "
            + "| \(row.expiring) % |")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func percent(_ share: Int, of whole: Int) -> String {
    let tenths = (share * 1000 + whole / 2) / whole
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
  }

  private static func shown(_ range: ClosedRange<Int>) -> String {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound)"
  }
}

extension GenerationProfile.Extent: CustomStringConvertible {
  package var description: String {
    switch self {
    case .keys(let count): "(\(count) keys)"
    case .bytes(let count): "(\(count) bytes)"
    }
  }
}

extension GenerationProfile.Row {
  fileprivate var nameShown: String {
    switch shape {
    case .sessionHash, .sessionExpires: "`\(namePrefix)`UUID"
    case .sessionExpirations: "`\(namePrefix)`milliseconds"
    default: "`\(namePrefix)`16 digits"
    }
  }
}
