import RDBConvert

/// The writes before a WAIT on a connection that may have written nothing itself.
enum OwnWrite {
  /// Returns commands that write a temporary key in the slot of another key, and remove it.
  ///
  /// Its expiry is for a connection that is lost between them. It alone is not enough: a server can keep an expired key for
  /// a long time, and in its snapshot.
  static func commands(beside key: [UInt8]) -> [[[UInt8]]] {
    let name = TemporaryName.of(key, attempt: TemporaryName.unusedAttempt)
    return [
      [Array("SET".utf8), name, [], Array("PX".utf8), Array("1".utf8)],
      [Array("DEL".utf8), name],
    ]
  }
}
