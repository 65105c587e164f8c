import RDB
import RDBFormat

/// A prefix, and what the keys that begin with it amount to.
public struct PrefixNode: Hashable, Sendable, Codable {
  public enum Kind: String, Hashable, Sendable, Codable {
    case prefix
    /// A template that its keys fit.
    case template
    /// What continues the prefix, gathered because it was too many.
    case other
  }
  /// With its last separator; the empty one is all keys. Folded numbers are `<n>`, UUIDs `<uuid>`.
  public var prefix: BinaryText
  public var kind: Kind
  /// How many parts it has; of `other` one more than its prefix.
  public var depth: Int
  public var totals: KeyTotals
}

/// What stands under which prefix of key names.
public struct PrefixReport: Sendable {
  /// The version of this form.
  public private(set) var format = 1
  public let options: PrefixOptions
  /// The times that decided what had expired.
  public private(set) var reference: ReferenceTimes
  private var tree: PrefixTree

  public init(_ options: PrefixOptions) {
    self.options = options
    reference = ReferenceTimes()
    tree = PrefixTree(limit: options.nodeLimit)
  }

  init(_ options: PrefixOptions, _ reference: ReferenceTimes, _ tree: consuming PrefixTree) {
    self.options = options
    self.reference = reference
    self.tree = tree
    self.tree.prune()
  }

  /// All prefixes, each behind the one it continues.
  public var nodes: [PrefixNode] {
    let sums = tree.sums
    let nodes = tree.nodes.indices.map { place in
      let node = tree.nodes[place]
      return PrefixNode(
        prefix: BinaryText(Array(tree.name(place))),
        kind: node.kind == .prefix ? .prefix : node.kind == .template ? .template : .other,
        depth: Int(node.depth), totals: sums[place])
    }
    return nodes.sorted { a, b in
      let templates = (a.kind == .template, b.kind == .template)
      if templates.0 != templates.1 { return templates.1 }
      return (a.prefix, a.depth) < (b.prefix, b.depth)
    }
  }

  /// Whether there were too many prefixes.
  public var isGathered: Bool { tree.nodes.contains { $0.kind == .other } }

  /// Adds the report of other keys, made with the same options.
  public mutating func merge(_ other: Self) {
    reference.merge(other.reference)
    tree.merge(other.tree)
  }
}

extension PrefixReport: Codable, Hashable {
  enum CodingKeys: String, CodingKey {
    case format, options, reference, nodes
    case isGathered = "gathered"
    case quantileError = "quantile_relative_error"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    format = try container.decode(Int.self, forKey: .format)
    options = try container.decode(PrefixOptions.self, forKey: .options)
    reference = try container.decode(ReferenceTimes.self, forKey: .reference)
    tree = PrefixTree(limit: options.nodeLimit)
    // The way from the root to the last node.
    var way: [(node: Int, depth: Int)] = []
    for row in try container.decode([PrefixNode].self, forKey: .nodes) {
      while let last = way.last, last.depth >= row.depth { way.removeLast() }
      let kind: PrefixTree.Kind = row.kind == .prefix ? .prefix : row.kind == .template ? .template : .other
      let node = tree.restore(
        row.prefix.bytes, kind, parent: way.last?.node ?? 0, depth: row.depth, row.totals)
      way.append((node, row.depth))
    }
    tree.prune()
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(format, forKey: .format)
    try container.encode(options, forKey: .options)
    try container.encode(reference, forKey: .reference)
    try container.encode(isGathered, forKey: .isGathered)
    try container.encode(SizeHistogram.relativeError, forKey: .quantileError)
    try container.encode(nodes, forKey: .nodes)
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.options == b.options && a.reference == b.reference && a.nodes == b.nodes
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(nodes) }
}
