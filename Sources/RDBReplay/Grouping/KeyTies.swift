/// Groups of keys that commands tie together, by their hashes: the keys of a group must be replayed together.
///
/// Memory grows with the number of tied keys. Source of the method: disjoint-set union with path halving.
struct KeyTies {
  private var parents: [UInt64: UInt64] = [:]

  /// Ties keys together.
  mutating func tie(_ keys: [UInt64]) {
    guard let first = keys.first else { return }
    let root = find(first)
    for key in keys.dropFirst() {
      let other = find(key)
      if other != root { parents[other] = root }
    }
  }

  /// The group of a tied key, named by the hash of one of its keys; `nil`: the key is not tied.
  func group(of key: UInt64) -> UInt64? {
    guard var parent = parents[key] else { return nil }
    while let next = parents[parent], next != parent { parent = next }
    return parent
  }

  private mutating func find(_ key: UInt64) -> UInt64 {
    var key = key
    guard parents[key] != nil else {
      parents[key] = key
      return key
    }
    while let parent = parents[key], parent != key {
      parents[key] = parents[parent]
      key = parent
    }
    return key
  }
}
