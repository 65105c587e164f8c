import RDB
import RDBFormat

extension CommandTable {
  static let sortRows: [CommandRow] = [CommandRow("sort", -2, .special(sortKeys), Execution.storeSorted)]

  /// The source, and the destination that STORE names. The keys that BY and GET read depend on the elements.
  private static func sortKeys(_ command: ReplayCommand) -> [Int] {
    var keys = [1]
    var index = 2
    while index < command.count {
      switch command.lowercased(index) {
      case "limit": index += 2
      case "by", "get": index += 1
      case "store" where index + 1 < command.count:
        index += 1
        keys = [1, index]
      default: break
      }
      index += 1
    }
    return keys
  }
}

extension CommandError {
  static let notSortable = CommandError("an element's weight is not a number")
}

extension ReplayCommand {
  /// Whether a SORT with STORE reads keys whose names are made from the elements.
  var readsKeysByPattern: Bool {
    guard let options = try? SortOptions(self), options.target != nil else { return false }
    return options.by != nil || options.patterns.contains { $0.contains(UInt8(ascii: "*")) }
  }
}

/// The options of SORT.
private struct SortOptions {
  var by: [UInt8]?
  var patterns: [[UInt8]] = []
  var offset: Int64 = 0
  var count: Int64 = -1
  var isDescending = false
  var isText = false
  var target: [UInt8]?

  /// Whether the elements stay in their order: BY names a pattern without an asterisk.
  var keepsOrder = false

  init(_ command: ReplayCommand) throws(CommandError) {
    var index = 2
    while index < command.count {
      let rest = command.count - index - 1
      switch command.lowercased(index) {
      case "asc": isDescending = false
      case "desc": isDescending = true
      case "alpha": isText = true
      case "limit" where rest >= 2:
        (offset, count) = (try command.integer(index + 1), try command.integer(index + 2))
        index += 2
      case "store" where rest >= 1:
        target = command[index + 1]
        index += 1
      case "by" where rest >= 1:
        by = command[index + 1]
        keepsOrder = !command[index + 1].contains(UInt8(ascii: "*"))
        index += 1
      case "get" where rest >= 1:
        patterns.append(command[index + 1])
        index += 1
      default: throw .syntax
      }
      index += 1
    }
    if keepsOrder { by = nil }
  }

  /// The indexes of the elements that LIMIT takes.
  func range(of length: Int) -> Range<Int> {
    let start = offset < 0 ? 0 : Int(min(offset, Int64(length)))
    let rest = length - start
    return start..<start + (count < 0 ? rest : Int(min(count, Int64(rest))))
  }
}

extension Execution {
  /// SORT with STORE. Without it, the command changes nothing.
  func storeSorted(_ command: ReplayCommand) throws {
    var options = try SortOptions(command)
    var elements: [[UInt8]] = []
    switch try key(command[1])?.value {
    case .list(let list): elements = list.elements
    case .set(let set):
      elements = set.members.keys
      // A set has no order: servers sort it by its bytes, so that the result is certain.
      if options.keepsOrder { (options.isText, options.keepsOrder, options.by) = (true, false, nil) }
    case .zset(let zset):
      // Servers change a sorted set that they sort to a skip list, and it stays one.
      zset.encoding = .skiplist
      elements = zset.elements.map(\.member)
    case nil: break
    default: throw CommandError.wrongType
    }
    guard let target = options.target else { return }
    if options.keepsOrder {
      // DESC without sorting reverses the order of the elements.
      if options.isDescending { elements.reverse() }
    } else {
      elements = try sorted(elements, options)
    }
    let result = ReplayedList(limits, encoding: .quicklist)
    for element in elements[options.range(of: elements.count)] {
      if options.patterns.isEmpty { result.append(element) }
      for pattern in options.patterns { result.append(try lookUp(pattern, element) ?? []) }
    }
    result.convertToListpackIfSmall(limit: limits.listNodeByteCount)
    if result.isEmpty { remove(target) } else { set(target, .list(result)) }
  }

  private func sorted(_ elements: [[UInt8]], _ options: SortOptions) throws -> [[UInt8]] {
    if options.isText {
      guard let by = options.by else {
        let sorted = elements.sorted { $0.lexicographicallyPrecedes($1) }
        return options.isDescending ? sorted.reversed() : sorted
      }
      // An element without a weight comes before all others.
      let weighted = try elements.map { (element: $0, weight: try lookUp(by, $0)) }
      return weighted.sorted { first, second in
        let (a, b) = options.isDescending ? (second.weight, first.weight) : (first.weight, second.weight)
        guard let b else { return false }
        return a.map { $0.lexicographicallyPrecedes(b) } ?? true
      }.map(\.element)
    }
    var weighted: [(element: [UInt8], weight: Double)] = []
    for element in elements {
      guard let text = options.by == nil ? element : try lookUp(options.by!, element) else {
        weighted.append((element, 0))
        continue
      }
      weighted.append((element, try weight(text)))
    }
    let sorted = weighted.sorted {
      $0.weight != $1.weight ? $0.weight < $1.weight : $0.element.lexicographicallyPrecedes($1.element)
    }.map(\.element)
    return options.isDescending ? sorted.reversed() : sorted
  }

  /// The number by which SORT compares an element.
  ///
  /// Redis before 8.0 refuses numbers that are too large or too small for their full precision, later ones take them as
  /// infinity or 0; Valkey refuses those that would become infinity or 0, and no text.
  private func weight(_ text: [UInt8]) throws(CommandError) -> Double {
    guard let (weight, isOutOfRange) = FloatText.lenient(text[...], limits) else { throw .notSortable }
    let isStrict = limits.readsNumbersStrictly
    let isRefused =
      limits.server.vendor == .valkey
      ? isOutOfRange || isStrict && (text.first ?? 0) == 0 : !isStrict && (isOutOfRange || weight.isSubnormal)
    if isRefused { throw .notSortable }
    return weight
  }

  /// The string, or with `->` the field of a hash, that a pattern names for an element; `#` is the element itself.
  private func lookUp(_ pattern: [UInt8], _ element: [UInt8]) throws -> [UInt8]? {
    if pattern == [UInt8(ascii: "#")] { return element }
    guard let star = pattern.firstIndex(of: UInt8(ascii: "*")) else { return nil }
    var tail = pattern[(star + 1)...]
    var field: [UInt8]?
    if let arrow = tail.indices.dropLast(2).first(where: { tail[$0] == 45 && tail[$0 + 1] == 62 }) {
      field = Array(tail[(arrow + 2)...])
      tail = tail[..<arrow]
    }
    let name = pattern[..<star] + element + tail
    switch try key(Array(name))?.value {
    case .hash(let hash):
      guard let field, isVisible(field, in: hash) else { return nil }
      return hash.fields[field]?.value
    case .string(let bytes, _): return field == nil ? bytes : nil
    default: return nil
    }
  }
}
