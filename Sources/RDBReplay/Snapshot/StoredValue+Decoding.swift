import RDB
import RDBFormat

extension StoredValue {
  /// Whether commands can change values of this type.
  package var isDecodable: Bool {
    switch type.data {
    case .string, .list, .set, .zset, .hash, .stream: type.isSelfContained
    case .array, .pathHash, .module: false
    }
  }

  /// The value that commands can change, in the encoding that loading gives it.
  ///
  /// - Throws: ``RDBError`` for a damaged value.
  package func decoded(_ limits: EncodingLimits) throws -> ReplayedValue {
    // Commands that follow change a list node by node.
    if type == .listQuicklist || type == .listQuicklist2 {
      return .list(ReplayedList(loadingNodes: try listNodes(), limits))
    }
    return switch try SnapshotValue.decode(payload.span.bytes, type, of: header) {
    case .string(let bytes): .string(bytes, isRaw: false)
    case .list(let elements): .list(ReplayedList(loading: elements, limits))
    case .set(let members): .set(ReplayedSet(loading: members, as: type, limits))
    case .zset(let members): .zset(ReplayedSortedSet(loading: members, as: type, limits))
    case .hash(let fields): .hash(ReplayedHash(loading: fields, as: type, limits))
    case .stream(let stream): .stream(ReplayedStream(loading: stream, limits))
    case .array, .pathHash, .module, .notRead, .tooLarge: .stored(self)
    }
  }
}
