/// The setting `notify-keyspace-events`: the events for which a server publishes messages.
package struct KeyspaceNotifications: Hashable, Sendable {
  /// The events that Spring Session needs: channels named after events, generic commands, expired keys.
  ///
  /// Spring sets them when the application starts. Without them, it does not learn of expired sessions, and their keys
  /// remain.
  package static let springSession = "Egx"

  /// The letters that `A` stands for.
  private static let all: Set<Character> = Set("g$lshztdxe")

  /// The setting as the server has it.
  package let text: String

  package init(_ text: String) { self.text = text }

  /// Returns the letters of `needed` that the setting lacks, each once and in the order of `needed`.
  package func missing(from needed: String) -> String {
    var present = Set(text)
    if present.contains("A") { present.formUnion(Self.all) }
    if present.isSuperset(of: Self.all) { present.insert("A") }
    return String(needed.filter { present.insert($0).inserted })
  }

  /// Returns the setting with the letters of `needed` added. No event is removed.
  package func adding(_ needed: String) -> String { text + missing(from: needed) }
}
