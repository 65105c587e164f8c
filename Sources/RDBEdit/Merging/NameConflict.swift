/// What happens to a key whose name occurs in several inputs that become one snapshot.
package enum NameConflict: String, Sendable, CaseIterable {
  /// The key of the first input stays.
  case first
  /// The key of the last input stays.
  case last
  /// It is an error.
  case fail
  /// The key of the input that was saved last stays, by the AUX field `ctime`.
  case newest
}
