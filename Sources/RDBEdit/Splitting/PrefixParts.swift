import RDB
import RDBFormat
import RDBSupport

/// The prefixes that get a part of their own.
package struct PrefixParts: Sendable {
  /// The names of the parts. The last one has all other keys.
  package let names: [String]
  private let indexes: [NameHash: Int]
  private let cutter: NamePrefix
  private let hasher: NameHasher

  fileprivate init(_ prefixes: [[UInt8]], _ cutter: NamePrefix, _ hasher: NameHasher) {
    names = prefixes.map { "prefix-" + PartName.escaped($0) } + ["rest"]
    indexes = Dictionary(
      prefixes.enumerated().map { (hasher.hash($1.span.bytes, 0), $0) }, uniquingKeysWith: { first, _ in first })
    self.cutter = cutter
    self.hasher = hasher
  }

  /// Returns the index of the part of a key.
  func part(of name: RawSpan) -> Int {
    let prefix = cutter.prefix(of: name)
    return prefix.byteCount == 0 ? names.count - 1 : indexes[hasher.hash(prefix, 0)] ?? names.count - 1
  }
}

/// Finds the prefix of a key's name.
package struct NamePrefix: Sendable {
  private let separators: [[UInt8]]
  private let depth: Int

  /// - Parameters:
  ///   - separators: The texts that end a part of a name.
  ///   - depth: The largest number of parts in a prefix.
  package init(separators: [[UInt8]], depth: Int) {
    self.separators = separators.filter { !$0.isEmpty }
    self.depth = depth
  }

  /// Returns the first parts of a name with their separators; empty if there are none.
  @_lifetime(copy name)
  func prefix(of name: RawSpan) -> RawSpan {
    var (index, end, count) = (0, 0, 0)
    while index < name.byteCount, count < depth {
      let rest = name.extracting(droppingFirst: index)
      if let separator = separators.first(where: { rest.starts(with: $0) }) {
        index += separator.count
        end = index
        count += 1
      } else {
        index += 1
      }
    }
    return name.extracting(first: end)
  }
}

/// Counts keys by prefix, to find the prefixes that get a part of their own.
///
/// Beyond a number of prefixes, keys of further ones are not counted: the reading must be in file order, on one thread.
package struct PrefixCountingSink: SelectiveSink, FoldingSink {
  /// The largest number of prefixes that are counted.
  private static let countedLimit = 1 << 16
  /// The longest prefix that is counted, in bytes.
  private static let prefixByteLimit = 1024

  private let cutter: NamePrefix
  private let hasher = NameHasher()
  private var prefixes: [[UInt8]] = []
  private var counts: [UInt64] = []
  private var indexes: [NameHash: Int] = [:]

  package init(_ cutter: NamePrefix) { self.cutter = cutter }

  package static var events: SinkEvents { [] }

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    let prefix = cutter.prefix(of: key.name)
    guard prefix.byteCount > 0, prefix.byteCount <= Self.prefixByteLimit else { return .skip }
    let hash = hasher.hash(prefix, 0)
    if let index = indexes[hash] {
      counts[index] += 1
    } else if prefixes.count < Self.countedLimit {
      indexes[hash] = prefixes.count
      prefixes.append([UInt8](prefix))
      counts.append(1)
    }
    return .skip
  }

  package consuming func finish() throws -> PrefixCounts {
    PrefixCounts(counts: zip(prefixes, counts).map { ($0, $1) }, cutter: cutter)
  }
}

/// The number of keys per prefix.
package struct PrefixCounts: MergeableSummary {
  fileprivate var counts: [(prefix: [UInt8], count: UInt64)]
  fileprivate let cutter: NamePrefix

  /// The number of prefixes that were counted.
  package var prefixCount: Int { counts.count }

  package mutating func merge(_ other: PrefixCounts) { counts += other.counts }

  /// Returns the prefixes with most keys, in the order of their bytes.
  ///
  /// - Parameter limit: The largest number of prefixes.
  package func largest(_ limit: Int) -> PrefixParts {
    let most = counts.sorted {
      $0.count != $1.count ? $0.count > $1.count : $0.prefix.lexicographicallyPrecedes($1.prefix)
    }
    return PrefixParts(
      most.prefix(limit).map(\.prefix).sorted { $0.lexicographicallyPrecedes($1) }, cutter, NameHasher())
  }
}
