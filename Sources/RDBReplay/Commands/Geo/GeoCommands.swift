import RDB

extension CommandTable {
  static let geoRows: [CommandRow] = [
    CommandRow("geoadd", -5, .first, Execution.addPositions),
    CommandRow("georadius", -6, .special { storeKeys($0, from: 6) }, Execution.storePlacesInRadius),
    CommandRow("georadiusbymember", -5, .special { storeKeys($0, from: 5) }, Execution.storePlacesInRadius),
    CommandRow("geosearchstore", -8, .two, Execution.storePlacesFound),
  ]

  /// The source, and the destination that STORE or STOREDIST names.
  private static func storeKeys(_ command: ReplayCommand, from first: Int) -> [Int] {
    var keys = [1]
    var index = first
    while index + 1 < command.count {
      if command.isWord(index, "store") || command.isWord(index, "storedist") {
        index += 1
        keys = [1, index]
      }
      index += 1
    }
    return keys
  }
}

extension CommandError {
  static let invalidPosition = CommandError("invalid longitude or latitude")
  static let noSuchMember = CommandError("no such member")
  static let invalidDistance = CommandError("invalid distance or unit")
}

extension Execution {
  /// GEOADD.
  func addPositions(_ command: ReplayCommand) throws {
    var (isNew, exists) = (false, false)
    var index = 2
    options: while index < command.count {
      switch command.lowercased(index) {
      case "nx": isNew = true
      case "xx": exists = true
      case "ch": break
      default: break options
      }
      index += 1
    }
    guard index < command.count, (command.count - index).isMultiple(of: 3), !(isNew && exists) else {
      throw CommandError.syntax
    }
    var members: [(member: [UInt8], score: Double)] = []
    for index in stride(from: index, to: command.count, by: 3) {
      members.append((command[index + 2], try point(command, index).score))
    }
    try add(members, to: command[1], isNew: isNew, exists: exists)
  }

  /// GEORADIUS and GEORADIUSBYMEMBER. Without STORE and STOREDIST they change nothing.
  func storePlacesInRadius(_ command: ReplayCommand) throws {
    let byMember = command.isWord(0, "georadiusbymember")
    let zset = try zset(command[1])
    var search = GeoSearch()
    var index: Int
    if byMember {
      search.center = try zset.map { try self.point(of: command[2], in: $0) }
      index = 3
    } else {
      search.center = try point(command, 2)
      index = 4
    }
    search.unit = try unit(command, index + 1)
    search.shape = .circle(try distance(command, index) * search.unit)
    index += 2
    var target: [UInt8]?
    while index < command.count {
      switch command.lowercased(index) {
      case "withdist", "withhash", "withcoord": search.hasOutput = true
      case "store" where index + 1 < command.count, "storedist" where index + 1 < command.count:
        search.storesDistances = command.isWord(index, "storedist")
        target = command[index + 1]
        index += 1
      default: try search.option(command, &index)
      }
      index += 1
    }
    try search.check()
    guard let target else { return }
    if search.hasOutput { throw CommandError.syntax }
    try store(search, in: zset, at: target)
  }

  /// GEOSEARCHSTORE.
  func storePlacesFound(_ command: ReplayCommand) throws {
    let zset = try zset(command[2])
    var search = GeoSearch()
    var centers = 0
    var index = 3
    while index < command.count {
      let rest = command.count - index - 1
      switch command.lowercased(index) {
      case "frommember" where rest >= 1 && centers == 0:
        search.center = try zset.map { try self.point(of: command[index + 1], in: $0) }
        centers += 1
        index += 1
      case "fromlonlat" where rest >= 2 && centers == 0:
        search.center = try point(command, index + 1)
        centers += 1
        index += 2
      case "byradius" where rest >= 2 && search.shape == nil:
        search.unit = try unit(command, index + 2)
        search.shape = .circle(try distance(command, index + 1) * search.unit)
        index += 2
      case "bybox" where rest >= 3 && search.shape == nil:
        search.unit = try unit(command, index + 3)
        search.shape = .box(
          try distance(command, index + 1) * search.unit, try distance(command, index + 2) * search.unit)
        index += 3
      case "bypolygon" where limits.server.isAtLeast(.max, 0, valkey: (9, 0)):
        throw NotReplayed("BYPOLYGON is not implemented")
      case "storedist": search.storesDistances = true
      default: try search.option(command, &index)
      }
      index += 1
    }
    guard centers == 1, search.shape != nil else { throw CommandError.syntax }
    try search.check()
    try store(search, in: zset, at: command[1])
  }

  private func store(_ search: GeoSearch, in zset: ReplayedSortedSet?, at target: [UInt8]) throws {
    let result = ReplayedSortedSet(encoding: .skiplist)
    for point in try zset.map({ try search.matches(in: $0) }) ?? [] {
      result.set(point.entry.member, search.storesDistances ? point.distance / search.unit : point.entry.score)
    }
    store(result, at: target)
  }

  // MARK: Arguments

  private func point(_ command: ReplayCommand, _ index: Int) throws(CommandError) -> GeoPoint {
    guard index + 1 < command.count else { throw .syntax }
    let (longitude, latitude) = (try command.double(index, limits), try command.double(index + 1, limits))
    guard let point = GeoPoint(longitude: longitude, latitude: latitude) else { throw .invalidPosition }
    return point
  }

  private func point(of member: [UInt8], in zset: ReplayedSortedSet) throws(CommandError) -> GeoPoint {
    guard let score = zset.scores[member] else { throw .noSuchMember }
    return GeoPoint(score: score)
  }

  private func distance(_ command: ReplayCommand, _ index: Int) throws(CommandError) -> Double {
    let value = try command.double(index, limits)
    guard value >= 0 else { throw .invalidDistance }
    return value
  }

  /// The meters of a unit.
  private func unit(_ command: ReplayCommand, _ index: Int) throws(CommandError) -> Double {
    guard index < command.count else { throw .syntax }
    switch command.lowercased(index) {
    case "m": return 1
    case "km": return 1000
    case "ft": return 0.3048
    case "mi": return 1609.34
    default: throw .invalidDistance
    }
  }
}

/// A search for members around a center.
private struct GeoSearch {
  enum Shape {
    case circle(Double)
    case box(_ width: Double, _ height: Double)
  }
  /// The center; `nil` if the key does not exist.
  var center: GeoPoint?
  var shape: Shape?
  /// The unit of the command's distances, in meters.
  var unit = 1.0
  var storesDistances = false
  /// Whether WITHDIST, WITHHASH or WITHCOORD asks for output. A command with STORE or STOREDIST cannot have them.
  var hasOutput = false
  private var isDescending = false
  private var count: Int64?
  private var takesAny = false

  /// Reads an option that all search commands have.
  mutating func option(_ command: ReplayCommand, _ index: inout Int) throws(CommandError) {
    switch command.lowercased(index) {
    case "asc": isDescending = false
    case "desc": isDescending = true
    case "any": takesAny = true
    case "count" where index + 1 < command.count:
      count = try command.integer(index + 1)
      guard count! > 0 else { throw .outOfRange }
      index += 1
    default: throw .syntax
    }
  }

  func check() throws(CommandError) {
    if takesAny, count == nil { throw .syntax }
  }

  /// The members found, with their distances from the center in meters.
  func matches(in zset: ReplayedSortedSet) throws -> [(entry: ScoredMember, distance: Double)] {
    guard let center, let shape else { return [] }
    var matches: [(entry: ScoredMember, distance: Double)] = []
    zset.order.forEach { entry in
      // Servers search ranges of 52-bit cells, in which no other score lies.
      guard entry.score >= 0, entry.score < 0x1p52 else { return }
      let point = GeoPoint(score: entry.score)
      let distance = center.distance(to: point)
      switch shape {
      case .circle(let radius): if distance > radius { return }
      case .box(let width, let height):
        if center.latitudeDistance(to: point) > height / 2 { return }
        let sameLatitude = GeoPoint(longitude: center.longitude, latitude: point.latitude)
        if point.distance(to: sameLatitude ?? center) > width / 2 { return }
      }
      matches.append((entry, distance))
    }
    guard let count, count < Int64(matches.count) else { return matches }
    if takesAny { throw NotReplayed("which of the members found COUNT with ANY takes is not in the file") }
    matches.sort { isDescending ? $0.distance > $1.distance : $0.distance < $1.distance }
    return Array(matches.prefix(Int(count)))
  }
}
