import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// Sums of keys by database and prefix, as `-c prefix -sep` of the tool of HDT3213 has them.
///
/// Several separators count as the first one. The whole name of a key is no prefix.
struct HDT3213Prefixes: MemoryReceiver, ~Copyable {
  static let head = "database,prefix,size,size_readable,key_count\n"
  /// The most prefixes that are kept in memory.
  static let limit = 1_000_000

  /// The keys and the memory of each prefix, by the number of the database in decimal, a zero byte, and the prefix.
  struct Sums: MergeableSummary {
    var ledger = Ledger()
    var prefixes: [[UInt8]: Sum] = [:]

    mutating func merge(_ other: Self) {
      ledger.merge(other.ledger)
      prefixes.merge(other.prefixes) {
        Sum(byteCount: $0.byteCount &+ $1.byteCount, keyCount: $0.keyCount &+ $1.keyCount)
      }
    }
  }

  struct Sum: Sendable {
    var byteCount: UInt64 = 0
    var keyCount: UInt64 = 0
  }

  private let separators: [[UInt8]]
  private let depth: Int
  private var sums = Sums()

  /// - Parameters:
  ///   - separators: At least one, none of them empty.
  ///   - depth: The most parts of a prefix.
  init(_ separators: [[UInt8]], depth: Int) { (self.separators, self.depth) = (separators, depth) }

  mutating func receive(_ key: borrowing MeasuredKey) throws(RDBError) {
    sums.ledger.keysRead += 1
    sums.ledger.keysWritten += 1
    var prefix = Array("\(key.database)".utf8) + [0]
    let name = [UInt8](key.name)
    var (index, level) = (0, 0)
    while index < name.count, level < depth {
      guard let separator = separators.first(where: { name[index...].starts(with: $0) }) else {
        prefix.append(name[index])
        index += 1
        continue
      }
      prefix += separators[0]
      index += separator.count
      level += 1
      sums.prefixes[prefix, default: Sum()].byteCount &+= key.memoryOrSerializedByteCount
      sums.prefixes[prefix, default: Sum()].keyCount &+= 1
    }
    guard sums.prefixes.count <= Self.limit else {
      throw RDBError(
        .valueTooLarge, at: key.offset, expected: "at most \(Self.limit) prefixes (rdb prefix has no such limit)",
        found: "more")
    }
  }

  consuming func finish() throws(RDBError) -> Sums { sums }
}
