import RDB
import RDBFormat

/// How many keys make a file of a wanted size: found out by writing a sample of them nowhere.
extension SnapshotGenerator {
  /// A sample is done with that many bytes or keys.
  private static var sampleByteCount: UInt64 { 32 << 20 }
  private static var sampleKeyCount: UInt64 { 100_000 }
  /// Profiles of that few keys are not given more of them, but larger ones.
  private static var fewKeys: UInt64 { 10 }

  /// - Returns: The number of keys, and what their element counts are to be multiplied by.
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
