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
    case .set(let members): .set(try set(members, limits))
    case .zset(let members): .zset(ReplayedSortedSet(loading: members, as: type, limits))
    case .hash(let fields): .hash(ReplayedHash(loading: fields, as: type, limits))
    case .stream(let stream): .stream(ReplayedStream(loading: stream, limits))
    case .array, .pathHash, .module, .notRead, .tooLarge: .stored(self)
    }
  }

  private func set(_ members: [[UInt8]], _ limits: EncodingLimits) throws(RDBError) -> ReplayedSet {
    let set = ReplayedSet(loading: members, as: type, limits)
    guard type == .setIntset else { return set }
    // The length of the members is the first byte of an intset, also of a compressed one, after its first control byte.
    var cursor = ByteCursor(payload.span.bytes)
    if case .lzf = try cursor.stringHeader() { _ = try cursor.byte() }
    switch try cursor.byte() {
    case 4: set.widen(for: Int64(Int32.max))
    case 8: set.widen(for: .max)
    default: break
    }
    return set
  }
}
