/// A count and its noun: `1 key`, `2 keys`.
package func counted(_ count: UInt64, _ singular: String, _ plural: String? = nil) -> String {
  count == 1 ? "1 \(singular)" : "\(count) \(plural ?? singular + "s")"
}
