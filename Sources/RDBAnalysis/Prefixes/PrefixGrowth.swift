import RDBFormat
import RDBSupport

/// How many keys and bytes the second of two snapshots has more than the first, by prefix.
///
/// Sums are exact. Once there are as many prefixes as ``PrefixOptions/nodeLimit``, keys of new prefixes count in the
/// longest prefix of theirs that there is.
package struct PrefixGrowth: ~Copyable {
  /// The growth of one prefix.
  package struct Node: Hashable, Sendable, Codable {
    /// The prefix with its last separator; empty for all keys.
    package var prefix: BinaryText
    /// Whether the keys are those that match a template, which names them.
    package var isTemplate = false
    package var added: UInt64 = 0
    package var removed: UInt64 = 0
    package var changed: UInt64 = 0
    /// The bytes of data of the added and changed keys of the second snapshot.
    package var bytesAfter: UInt64 = 0
    /// The bytes of data of the removed and changed keys of the first snapshot.
    package var bytesBefore: UInt64 = 0

    /// The number of keys that the second snapshot has more than the first.
    package var keyGrowth: Int64 { Int64(clamping: added) - Int64(clamping: removed) }
    /// The bytes of data that the second snapshot has more than the first.
    package var byteGrowth: Int64 { Int64(clamping: bytesAfter) - Int64(clamping: bytesBefore) }

    enum CodingKeys: String, CodingKey {
      case prefix, added, removed, changed
      case isTemplate = "template"
      case bytesAfter = "bytes_after"
      case bytesBefore = "bytes_before"
    }
  }

  /// The longest prefix that has a node, in bytes.
  private static let longestPrefix = 4096

  private var cutter: PrefixCutter
  private let limit: Int
  private let templates: [[UInt8]]
  private let template: (any NameTemplate)?
  private var nodes: [[UInt8]: Node] = [:]
  private var templateNodes: [Int: Node] = [:]
  private var all = Node(prefix: BinaryText([]))

  /// - Parameter template: Recognizes the templates of the options.
  package init(_ options: PrefixOptions, template: (any NameTemplate)? = nil) {
    cutter = PrefixCutter(options)
    limit = options.nodeLimit
    templates = options.templates.map { Array($0.utf8) }
    self.template = template
  }

  /// Adds a key that differs.
  ///
  /// - Parameters:
  ///   - before: The bytes of its data in the first snapshot; `nil`: the key was added.
  ///   - after: The bytes of its data in the second snapshot; `nil`: the key was removed.
  package mutating func add(_ name: [UInt8], before: UInt64?, after: UInt64?) throws(RDBError) {
    all.add(before, after)
    if let index = try template?.match(name.span.bytes) {
      let empty = Node(prefix: BinaryText(templates[index]), isTemplate: true)
      templateNodes[index, default: empty].add(before, after)
      return
    }
    let prefixes: [[UInt8]] = name.withUnsafeBytes { name in
      cutter.cut(name)
      let whole = cutter.prefix(of: name)
      return (0..<cutter.count).map { Array(whole[..<Int(cutter.ends[$0])]) }
    }
    for prefix in prefixes where prefix.count <= Self.longestPrefix {
      if nodes[prefix] == nil {
        guard nodes.count < limit else { return }
        nodes[prefix] = Node(prefix: BinaryText(prefix))
      }
      nodes[prefix]?.add(before, after)
    }
  }

  /// All prefixes in byte order, after the node of all keys; then the templates in their own order.
  package consuming func finish() -> [Node] {
    [all] + nodes.values.sorted { $0.prefix < $1.prefix }
      + templateNodes.sorted { $0.key < $1.key }.map(\.value)
  }
}

extension PrefixGrowth.Node {
  fileprivate mutating func add(_ before: UInt64?, _ after: UInt64?) {
    if before == nil { added += 1 } else if after == nil { removed += 1 } else { changed += 1 }
    bytesBefore += before ?? 0
    bytesAfter += after ?? 0
  }
}
