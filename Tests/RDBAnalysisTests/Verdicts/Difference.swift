import Foundation
import TestSupport

/// A kind of difference between the verdict of this package on a value and those of servers on RESTORE: a row of a table
/// in Documentation/verdicts.md.
struct Difference {
  /// The cause of the verdict of this package: one of ``OwnVerdict/causes``.
  let own: String
  /// The servers that decide otherwise.
  let servers: String
  let reason: String

  /// The table of the documentation.
  static let documented: [Difference] = {
    let root = URL(fileURLWithPath: Fixture.root).deletingLastPathComponent().path
    let text = String(decoding: readFile(root + "/Documentation/verdicts.md"), as: UTF8.self)
    let table =
      text.components(separatedBy: "<!-- differences -->").last?
      .components(separatedBy: "<!-- end of differences -->").first ?? ""
    return table.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard cells.count == 5, !cells[1].hasPrefix("---"), cells[1] != "This package" else { return nil }
      return Difference(own: cells[1], servers: cells[2], reason: cells[3])
    }
  }()
}

/// The verdicts on one value.
struct Comparison: Hashable, CustomStringConvertible {
  let own: OwnVerdict
  /// In the order of `LiveServer.Kind.allCases`.
  let servers: [ServerVerdict]

  private var known: [ServerVerdict] { servers.filter { $0 != .doesNotKnow } }

  /// Whether the value passes here although every server that has its type refuses it.
  var isForbidden: Bool { own.passes && !known.isEmpty && known.allSatisfy(\.isRefusal) }

  /// Whether this package and all servers that have the type decide alike.
  var isAgreement: Bool { known.allSatisfy { $0.isRefusal != own.passes } }

  /// The servers that decide otherwise, as the documentation names them.
  var others: String {
    let names = ["Redis 7.0", "Redis 8.2", "Valkey 9.1"]
    let different = zip(names, servers).filter { $1 != .doesNotKnow && $1.isRefusal == own.passes }.map(\.0)
    return different.count == known.count ? "all" : different.joined(separator: ", ")
  }

  /// Whether the documentation has a reason for the difference: a row per cause.
  var isExplained: Bool {
    own.causes.allSatisfy { cause in
      Difference.documented.contains { $0.own == cause && ($0.servers == "any" || $0.servers == others) }
    }
  }

  var description: String { "| \(own) | \(others) |" }
}
