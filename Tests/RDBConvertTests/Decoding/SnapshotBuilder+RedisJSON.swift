import TestSupport

extension SnapshotBuilder {
  /// Appends a value of RedisJSON, encoding version 3, with the given module items.
  mutating func redisJSON(_ key: String, _ items: [[UInt8]]) {
    let moduleID: [UInt8] = [0x81, 0x45, 0xE2, 0x52, 0x38, 0xDF, 0x91, 0x2C, 0x03]
    self.key(7, key, value: moduleID + items.joined() + [0])
  }

  /// Returns a module item with a string.
  static func item(_ text: String) -> [UInt8] { [5] + RDBBytes.string(text) }
}
