import RDB
import RDBFormat

/// Estimates the number of keys of a file of a given size, by generating a sample.
extension SnapshotGenerator {
  /// The largest size of a sample, in bytes.
  private static var sampleByteCount: UInt64 { 32 << 20 }
  /// The largest number of keys in a sample.
  private static var sampleKeyCount: UInt64 { 100_000 }
  /// The largest number of keys of a profile that is scaled by the size of its keys, not by their number.
  private static var fewKeys: UInt64 { 10 }

  /// Returns the number of keys, and the factor for the number of elements of each key.
  static func keyCount(
    _ options: Options, toFill byteCount: UInt64, _ compressor: (any StringCompressor)?
  ) throws(RDBError) -> (UInt64, scale: Double) {
    var sample = SnapshotGenerator(options)
    var writer = try RDBWriter(
      to: DiscardingDestination(), header: options.header, compressor: compressor)
    var text = ElementText()
    var build = ValueBuilders(version: options.header.version)
    if case .keys(let keys) = options.profile.extent, keys <= fewKeys {
      sample.scale = 0.01
      for index in 0..<keys { try sample.write(index, &writer, &text, &build) }
      return (keys, Double(byteCount) / Double(writer.byteCount) * sample.scale)
    }
    var keys: UInt64 = 0
    while keys < sampleKeyCount, writer.byteCount < min(byteCount, sampleByteCount) {
      try sample.write(keys, &writer, &text, &build)
      keys += 1
    }
    let perKey = Double(writer.byteCount) / Double(max(keys, 1))
    return (max(1, UInt64((Double(byteCount) / perKey).rounded())), 1)
  }
}
