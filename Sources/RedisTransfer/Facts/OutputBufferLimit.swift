/// The limit of the bytes that a server keeps for a replica that does not take them. Beyond it, the connection is closed.
package struct OutputBufferLimit: Hashable, Sendable {
  /// The bytes at which the connection is closed at once; 0: no limit.
  package var byteCount: UInt64
  /// The bytes at which the connection is closed after ``seconds``; 0: no limit.
  package var softByteCount: UInt64
  package var seconds: UInt64

  /// Reads the limit for replicas in the setting `client-output-buffer-limit`:
  /// `normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60`.
  package init?(ofReplicasIn setting: String) {
    let words = setting.split(separator: " ")
    guard let start = words.firstIndex(where: { $0 == "slave" || $0 == "replica" }), start + 3 < words.count,
      let byteCount = UInt64(words[start + 1]), let softByteCount = UInt64(words[start + 2]),
      let seconds = UInt64(words[start + 3])
    else { return nil }
    (self.byteCount, self.softByteCount, self.seconds) = (byteCount, softByteCount, seconds)
  }
}
