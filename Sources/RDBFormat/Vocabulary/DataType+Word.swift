extension DataType {
  /// The name of the type in Redis, for output without an allocation.
  package var word: StaticString {
    switch self {
    case .string: "string"
    case .list: "list"
    case .set: "set"
    case .zset: "zset"
    case .hash: "hash"
    case .stream: "stream"
    case .array: "array"
    case .pathHash: "path-hash"
    case .module: "module"
    }
  }
}
