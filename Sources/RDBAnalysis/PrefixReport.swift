public import RDB
public import RDBFormat

/// What stands under which prefix of key names.
///
/// Bounded, and still exact for what it shows: when there are more prefixes than the limit, the whole
/// tree gets coarser by one step, from the deepest parts to the first, which at last is cut to its first
/// 16, 8, 4, 2 bytes and one. Which step fits depends on all keys together, not on their order; so parts
/// merge in any order to the report of the whole, and any number of workers gives the same.
public struct PrefixReport: Hashable, Sendable, Codable {
  public let options: PrefixOptions
  public let referenceMilliseconds: Int64
  /// Steps above 5: so many parts more than one; 5 and below: bytes of the first.
  private var step: Int
  private var nodes: [Key: KeyTotals]

  /// A prefix; one whose first part was cut is another than one that is as short.
  private struct Key: Hashable, Sendable {
    var bytes: [UInt8]
    var depth: UInt8
    var isCut: Bool
  }

  private static let cutByteCounts = [0, 1, 2, 4, 8, 16]
  /// The step at which the first part is whole.
  private static let firstPart = cutByteCounts.count

  public init(_ options: PrefixOptions, reference: UnixMilliseconds) {
    self.options = options
    referenceMilliseconds = reference.value
    step = Self.firstPart + min(max(options.depth, 1), 16) - 1
    nodes = [:]
  }

  /// How many parts of names are told apart; 0: the first is cut.
  public var depth: Int { max(step - Self.firstPart + 1, 0) }

  /// Whether there were too many prefixes for the depth that was asked for.
  public var isCoarser: Bool { depth < min(max(options.depth, 1), 16) }

  /// All prefixes, each behind the one it continues.
  public var tree: [PrefixNode] {
    nodes.map {
      PrefixNode(
        prefix: BinaryText($0.key.bytes), depth: Int($0.key.depth), isCut: $0.key.isCut,
        totals: $0.value)
    }.sorted { ($0.prefix, $0.depth) < ($1.prefix, $1.depth) }
  }

  /// Prefixes whose keys could be given an expiry: most memory that never expires, weighted with how
  /// long it was not used where the file says that, first.
  public func expiryCandidates(limit: Int) -> [PrefixNode] {
    func weight(_ node: PrefixNode) -> Double {
      let totals = node.totals
      let idle = totals.keysWithIdle > 0 ? Double(totals.idleSecondsSum) / Double(totals.keysWithIdle) : 0
      return Double(totals.memoryWithoutExpiry) * (1 + idle)
    }
    let candidates = tree.filter { $0.depth > 0 && $0.totals.keysWithoutExpiry > 0 }
    return Array(
      candidates.sorted { (weight($1), $0.prefix) < (weight($0), $1.prefix) }.prefix(limit))
  }

  // MARK: Adding

  public mutating func add(_ row: borrowing MemoryRow) {
    let reference = UnixMilliseconds(referenceMilliseconds)
    add(Key(bytes: [], depth: 0, isCut: false), row, reference)
    var prefix: [UInt8] = []
    var depth = 0
    let name = row.name
    name.withUnsafeBytes { bytes in
      var place = 0
      while depth < max(self.depth, 1), let end = endOfPart(bytes, from: place) {
        append(bytes[place..<end], to: &prefix)
        place = end
        depth += 1
        if step < Self.firstPart {
          cut(&prefix)
          return
        }
        add(Key(bytes: prefix, depth: UInt8(depth), isCut: false), row, reference)
      }
    }
    if step < Self.firstPart, depth > 0, step > 0 {
      add(Key(bytes: prefix, depth: 1, isCut: true), row, reference)
    }
    while nodes.count > max(options.nodeLimit, 1), step > 0 { coarsen() }
  }

  private mutating func add(_ key: Key, _ row: borrowing MemoryRow, _ reference: UnixMilliseconds) {
    nodes[key, default: KeyTotals()].add(row, reference: reference)
  }

  /// Behind the next separator; `nil`: the rest is the key's own.
  private func endOfPart(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var place = start
    while place < bytes.count {
      if options.separators.contains(bytes[place]) { return place + 1 }
      place += 1
    }
    return nil
  }

  private func append(_ part: Slice<UnsafeRawBufferPointer>, to prefix: inout [UInt8]) {
    guard options.foldsDigits else {
      prefix.append(contentsOf: part)
      return
    }
    var isInNumber = false
    for byte in part {
      let isDigit = (48...57).contains(byte)
      if !isDigit { prefix.append(byte) } else if !isInNumber { prefix += "<n>".utf8 }
      isInNumber = isDigit
    }
  }

  private func cut(_ prefix: inout [UInt8]) {
    let byteCount = Self.cutByteCounts[step]
    if prefix.count > byteCount { prefix.removeLast(prefix.count - byteCount) }
  }

  /// Goes one step back.
  private mutating func coarsen() {
    guard step > 0 else { return }
    step -= 1
    guard step < Self.firstPart else {
      nodes = nodes.filter { Int($0.key.depth) <= depth }
      return
    }
    var coarser: [Key: KeyTotals] = [:]
    for (key, totals) in nodes {
      var key = key
      if key.depth > 0 {
        if step == 0 { continue }
        cut(&key.bytes)
        key.isCut = true
      }
      coarser[key, default: KeyTotals()].merge(totals)
    }
    nodes = coarser
  }

  /// Adds the report of other keys, made with the same options.
  public mutating func merge(_ other: Self) {
    var other = other
    while step > other.step { coarsen() }
    while other.step > step { other.coarsen() }
    for (key, totals) in other.nodes { nodes[key, default: KeyTotals()].merge(totals) }
    while nodes.count > max(options.nodeLimit, 1), step > 0 { coarsen() }
  }
}

extension PrefixReport {
  enum CodingKeys: String, CodingKey {
    case options, step, nodes, coarser
    case referenceMilliseconds = "reference_ms"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    options = try container.decode(PrefixOptions.self, forKey: .options)
    referenceMilliseconds = try container.decode(Int64.self, forKey: .referenceMilliseconds)
    step = min(max(try container.decode(Int.self, forKey: .step), 0), Self.firstPart + 15)
    nodes = [:]
    for node in try container.decode([PrefixNode].self, forKey: .nodes) {
      let key = Key(bytes: node.prefix.bytes, depth: UInt8(clamping: node.depth), isCut: node.isCut)
      nodes[key, default: KeyTotals()].merge(node.totals)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(options, forKey: .options)
    try container.encode(referenceMilliseconds, forKey: .referenceMilliseconds)
    try container.encode(step, forKey: .step)
    try container.encode(isCoarser, forKey: .coarser)
    try container.encode(tree, forKey: .nodes)
  }
}
