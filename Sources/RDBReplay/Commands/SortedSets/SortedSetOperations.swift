import RDB

/// Commands that store the result of an operation on sorted sets, or on sets whose members count with a score of 1.
extension Execution {
  /// ZUNIONSTORE.
  func storeScoredUnion(_ command: ReplayCommand) throws {
    let operation = try ScoredOperation(command, self, hasOptions: true)
    let result = ReplayedSortedSet(encoding: .skiplist)
    for source in operation.sourcesBySize {
      source.forEach { member, score in
        let score = source.weighted(score)
        result.set(member, result.scores[member].map { operation.aggregate($0, score) } ?? score)
      }
    }
    store(result, at: command[1])
  }

  /// ZINTERSTORE.
  func storeScoredIntersection(_ command: ReplayCommand) throws {
    let operation = try ScoredOperation(command, self, hasOptions: true)
    let sources = operation.sourcesBySize
    let result = ReplayedSortedSet(encoding: .skiplist)
    sources[0].forEach { member, score in
      var sum = sources[0].weighted(score)
      for source in sources.dropFirst() {
        guard let other = source.score(of: member) else { return }
        sum = operation.aggregate(sum, other * source.weight)
      }
      result.set(member, sum)
    }
    store(result, at: command[1])
  }

  /// ZDIFFSTORE.
  func storeScoredDifference(_ command: ReplayCommand) throws {
    let operation = try ScoredOperation(command, self, hasOptions: false)
    let result = ReplayedSortedSet(encoding: .skiplist)
    operation.sources[0].forEach { member, score in
      if operation.sources.dropFirst().allSatisfy({ $0.score(of: member) == nil }) { result.set(member, score) }
    }
    store(result, at: command[1])
  }

  /// ZRANGESTORE.
  func storeScoredRange(_ command: ReplayCommand) throws {
    let query = try RangeQuery(command, limits)
    let result = ReplayedSortedSet(limits)
    if let source = try zset(command[2]) {
      // The order counts: a packed sorted set that has become a skip list keeps the −0 of the members that follow.
      let members = source.order.members(query.ranks(source))
      for index in members.indices {
        let entry = members[query.isReversed ? members.count - 1 - index : index]
        result.add(entry.member, entry.score, limits)
      }
    }
    if result.isEmpty { remove(command[1]) } else { set(command[1], .zset(result)) }
  }

  /// Stores a result at a key, in place of any former value. An empty result deletes the key.
  func store(_ result: ReplayedSortedSet, at name: [UInt8]) {
    guard !result.isEmpty else {
      remove(name)
      return
    }
    result.packIfFitting(limits)
    set(name, .zset(result))
  }
}

/// A sorted set or set that an operation reads.
private struct ScoredSource {
  var zset: ReplayedSortedSet?
  var set: ReplayedSet?
  var weight = 1.0

  var count: Int { zset?.count ?? set?.members.count ?? 0 }

  func forEach(_ body: (_ member: [UInt8], _ score: Double) -> Void) {
    zset?.scores.forEach(body)
    set?.members.forEach { member, _ in body(member, 1) }
  }

  func score(of member: [UInt8]) -> Double? {
    zset?.scores[member] ?? (set?.contains(member) == true ? 1 : nil)
  }

  /// A score times the weight; 0 if the product is not a number.
  func weighted(_ score: Double) -> Double {
    let product = score * weight
    return product.isNaN ? 0 : product
  }
}

/// The arguments of ZUNIONSTORE, ZINTERSTORE and ZDIFFSTORE.
private struct ScoredOperation {
  private enum Aggregation { case sum, minimum, maximum }
  private(set) var sources: [ScoredSource] = []
  private var aggregation = Aggregation.sum

  init(_ command: ReplayCommand, _ execution: Execution, hasOptions: Bool) throws {
    let number = try command.integer(2)
    guard number >= 1 else { throw CommandError.outOfRange }
    guard number <= Int64(command.count - 3) else { throw CommandError.syntax }
    var index = 3 + Int(number)
    for key in command.arguments[3..<index] {
      switch try execution.key(key)?.value {
      case .zset?: sources.append(ScoredSource(zset: try execution.zset(key)))
      case .set?: sources.append(ScoredSource(set: try execution.set(key)))
      case nil: sources.append(ScoredSource())
      case .string?, .list?, .hash?, .stream?, .stored?: throw CommandError.wrongType
      }
    }
    guard hasOptions || index == command.count else { throw CommandError.syntax }
    while index < command.count {
      if command.isWord(index, "weights"), index + sources.count < command.count {
        for source in sources.indices {
          sources[source].weight = try command.double(index + 1 + source, execution.limits)
        }
        index += 1 + sources.count
      } else if command.isWord(index, "aggregate"), index + 1 < command.count {
        switch command.lowercased(index + 1) {
        case "sum": aggregation = .sum
        case "min": aggregation = .minimum
        case "max": aggregation = .maximum
        default: throw CommandError.syntax
        }
        index += 2
      } else {
        throw CommandError.syntax
      }
    }
  }

  /// The sources from the smallest to the largest, which is the order in which servers add scores.
  var sourcesBySize: [ScoredSource] { sources.sorted { $0.count < $1.count } }

  /// Two scores combined. The sum of opposite infinities is 0.
  func aggregate(_ score: Double, _ other: Double) -> Double {
    switch aggregation {
    case .sum:
      let sum = score + other
      return sum.isNaN ? 0 : sum
    case .minimum: return other < score ? other : score
    case .maximum: return other > score ? other : score
    }
  }
}

/// The arguments of ZRANGESTORE.
private struct RangeQuery {
  private enum Limits {
    case ranks(Int64, Int64)
    case scores(ScoreRange)
    case names(NameRange)
  }
  private let range: Limits
  private(set) var isReversed = false
  private var limit: (offset: Int64, count: Int64)?

  init(_ command: ReplayCommand, _ limits: EncodingLimits) throws {
    var kind: UInt8 = 0
    var index = 5
    while index < command.count {
      switch command.lowercased(index) {
      case "rev": isReversed = true
      case "byscore" where kind != 2: kind = 1
      case "bylex" where kind != 1: kind = 2
      case "limit" where index + 2 < command.count:
        limit = (try command.integer(index + 1), try command.integer(index + 2))
        index += 2
      default: throw CommandError.syntax
      }
      index += 1
    }
    if kind == 0, let limit, limit.count != -1 { throw CommandError.syntax }
    let (first, last) = isReversed ? (4, 3) : (3, 4)
    switch kind {
    case 0: range = .ranks(try command.integer(3), try command.integer(4))
    case 1: range = .scores(try ScoreRange(command, from: first, through: last, limits))
    default: range = .names(try NameRange(command, from: first, through: last))
    }
  }

  /// The ranks that the query finds, ascending.
  func ranks(_ zset: ReplayedSortedSet) -> Range<Int> {
    let found: Range<Int>
    switch range {
    case .ranks(let start, let end):
      let range = indexRange(from: start, through: end, count: zset.count)
      return isReversed ? zset.count - range.upperBound..<zset.count - range.lowerBound : range
    case .scores(let range): found = zset.ranks(range)
    case .names(let range): found = zset.ranks(range)
    }
    guard let limit else { return found }
    // A negative offset skips all members; a negative count takes all.
    let skipped = limit.offset < 0 ? found.count : Int(min(limit.offset, Int64(found.count)))
    let rest = found.count - skipped
    let taken = limit.count < 0 ? rest : Int(min(limit.count, Int64(rest)))
    let start = isReversed ? found.upperBound - skipped - taken : found.lowerBound + skipped
    return start..<start + taken
  }
}
