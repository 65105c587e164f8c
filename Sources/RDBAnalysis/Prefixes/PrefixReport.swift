import RDB
import RDBFormat

/// A prefix, and the summary of the keys that begin with it.
public struct PrefixNode: Hashable, Sendable, Codable {
  package enum Kind: String, Hashable, Sendable, Codable {
    case prefix
    /// A template that the keys match.
    case template
    /// The keys of longer prefixes that exceed the limit of the report.
    case other
  }
  /// The prefix with its last separator; empty for all keys. Folded digits are `<n>`, folded UUIDs `<uuid>`.
  public var prefix: BinaryText
  package var kind: Kind
  /// The number of parts of the prefix. A node that gathers longer prefixes beyond the limit of the report has one part
  /// more than their common prefix.
  public var depth: Int
  /// The summary of all keys that begin with the prefix.
  public var summary: KeySummary

  enum CodingKeys: String, CodingKey {
    case prefix, kind, depth
    case summary = "totals"
  }
}

/// A report on the keys of a snapshot by prefix.
public struct PrefixReport: MergeableSummary {
  /// The version of the JSON format.
  package private(set) var format = 1
  /// The rules that names were split by.
  package let options: PrefixOptions
  /// The times that decide which keys have expired.
  package private(set) var reference: ReferenceTimes
  private var tree: PrefixTree

  package init(_ options: PrefixOptions) {
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

  /// All prefixes in byte order, so that each precedes the longer prefixes that begin with it.
  public var nodes: [PrefixNode] {
    let sums = tree.sums
    let nodes = tree.nodes.indices.map { index in
      let node = tree.nodes[index]
      return PrefixNode(
        prefix: BinaryText(Array(tree.name(index))),
        kind: node.kind == .prefix ? .prefix : node.kind == .template ? .template : .other,
        depth: Int(node.depth), summary: sums[index])
    }
    return nodes.sorted { a, b in
      let templates = (a.kind == .template, b.kind == .template)
      if templates.0 != templates.1 { return templates.1 }
      return (a.prefix, a.depth) < (b.prefix, b.depth)
    }
  }

  /// Whether some prefixes exceeded the limit.
  package var isGathered: Bool { tree.nodes.contains { $0.kind == .other } }

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
    // The path from the root to the last node.
    var path: [(node: Int, depth: Int)] = []
    for node in try container.decode([PrefixNode].self, forKey: .nodes) {
      while let last = path.last, last.depth >= node.depth { path.removeLast() }
      let kind: PrefixTree.Kind = node.kind == .prefix ? .prefix : node.kind == .template ? .template : .other
      let index = tree.restore(
        node.prefix.bytes, kind, parent: path.last?.node ?? 0, depth: node.depth, node.summary)
      path.append((index, node.depth))
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
