import RDB
import RDBFormat
import RDBSupport

/// All that masking a snapshot needs to know: the parts of names that stay, and the keys.
package struct MaskingPlan: Sendable {
  let options: MaskingOptions
  private let kept: NamePartTable
  private let partKey: MaskingKey
  /// The key of names.
  let nameKey: MaskingKey
  /// The key from which the keys of the values are derived.
  private let valueKey: MaskingKey

  /// Creates a plan.
  ///
  /// - Parameters:
  ///   - options: The same options as those of the ``NamePartCounter``.
  ///   - counts: The parts of all names of the snapshot.
  /// - Throws: `RDBError`, if a temporary file cannot be read.
  package init(_ options: MaskingOptions, _ counts: NamePartCounts) throws(RDBError) {
    self.options = options
    kept = try convertingSystemErrors { () throws(SystemError) in try counts.shared(by: options.keepNames) }
    partKey = MaskingKey(salt: options.salt, purpose: "parts of names")
    nameKey = MaskingKey(salt: options.salt, purpose: "names")
    valueKey = MaskingKey(salt: options.salt, purpose: "values")
  }

  /// The number of parts that stay.
  package var keptCount: Int { kept.count }

  /// Whether enough keys share a part of a name.
  func keeps(_ part: UnsafeRawBufferPointer) -> Bool { kept.count > 0 && kept.contains(NamePartCount(part, partKey)) }

  /// The key of the values of a key.
  func valueKey(ofName name: UnsafeRawBufferPointer) -> MaskingKey { valueKey.key(of: name) }
}
