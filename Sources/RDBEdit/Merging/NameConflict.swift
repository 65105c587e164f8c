/// What happens to keys of the same database with the same name, of which one snapshot can hold only one.
package enum NameConflict: String, Sendable, CaseIterable {
  /// The key of the first input stays; of several in one input, the first one.
  case first
  /// The key of the last input stays; of several in one input, the last one.
  case last
  /// It is an error.
  case fail
  /// The key of the input that was saved last stays, by the AUX field `ctime`; of several such keys, the first one.
  case newest

  /// Returns the rank of each input: of two keys with the same name, the key of the input with the lower rank stays.
  ///
  /// - Parameter times: The times at which the inputs were saved, of which `newest` needs all.
  package func ranks(ofInputsSavedAt times: [UInt64?]) -> [Int] {
    switch self {
    case .first, .fail: return Array(times.indices)
    case .last: return times.indices.reversed()
    case .newest:
      var ranks = [Int](repeating: 0, count: times.count)
      let order = times.indices.sorted { (times[$1] ?? 0, $0) < (times[$0] ?? 0, $1) }
      for (rank, input) in order.enumerated() { ranks[input] = rank }
      return ranks
    }
  }
}
