import RDB
import RDBFormat
import RDBSupport

extension SnapshotGenerator {
  /// The time span of expiries, in milliseconds.
  static var expiryWindow: UInt64 { 30 * 86_400_000 }

  /// Writes the key with an index.
  func write(
    _ index: UInt64, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    var key = plan(index)
    switch key.row.shape {
    case .sessionHash, .sessionExpires, .sessionExpirations: break
    default: text.makeName(key.row.namePrefix, index)
    }
    switch key.row.shape {
    case .string:
      text.makeValue(key.row.content, key.random.pick(key.row.valueBytes), &key.random)
      try writer.string(text.name.bytes, text.value.bytes, key.attributes)
    case .hashListpack: try smallHash(&key, &writer, &text, &build)
    case .fieldExpiries: try fieldExpiries(&key, &writer, &text, &build)
    case .zsetListpack: try smallZset(&key, &writer, &text, &build)
    case .setListpack: try smallSet(&key, &writer, &text, &build)
    case .setIntset: try intset(&key, &writer, &text, &build)
    case .list: try list(&key, &writer, &text, &build)
    case .hashTable: try hash(&key, &writer, &text, &build)
    case .setTable: try set(&key, &writer, &text, &build)
    case .zsetSkiplist: try zset(&key, &writer, &text, &build)
    case .stream: try stream(&key, &writer, &text, &build)
    case .sessionHash, .sessionExpires, .sessionExpirations:
      try session(&key, &writer, &text)
    }
  }

  // MARK: Packed

  private func smallHash(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    build.packed.removeAll()
    for number in 0..<key.count {
      text.makeFieldName(number)
      build.packed.append(text.member.bytes)
      text.makeElement(key.row.valueBytes, &key.random)
      build.packed.append(text.value.bytes)
    }
    try writer.packed(
      text.name.bytes, build.packed.usesListpack ? .hashListpack : .hashZiplist, try build.packed.finished(),
      key.attributes)
  }

  /// Writes a small sorted set in ascending order of scores. Every other key has scores with hundredths.
  private func smallZset(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    build.packed.removeAll()
    let base = key.random.next()
    let hasHundredths = base & 1 == 1
    var score: UInt64 = 0
    for number in 0..<key.count {
      text.makeMember(
        UInt64(number), base: base, byteCount: key.random.pick(key.row.valueBytes), &key.random)
      build.packed.append(text.member.bytes)
      score += 1 + key.random.below(1000 as UInt64)
      if hasHundredths {
        build.packed.append(score: Double(score * 100 + key.random.below(100 as UInt64)) / 100)
      } else {
        build.packed.append(Int64(score))
      }
    }
    try writer.packed(
      text.name.bytes, build.packed.usesListpack ? .zsetListpack : .zsetZiplist, try build.packed.finished(),
      key.attributes)
  }

  private func smallSet(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    guard writer.canWrite(.setListpack) else { return try set(&key, &writer, &text, &build) }
    build.packed.removeAll()
    let base = key.random.next()
    for number in 0..<key.count {
      text.makeMember(
        UInt64(number), base: base, byteCount: key.random.pick(key.row.valueBytes), &key.random)
      build.packed.append(text.member.bytes)
    }
    try writer.packed(text.name.bytes, .setListpack, try build.packed.finished(), key.attributes)
  }

  private func intset(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    build.integers.removeAll()
    var member: Int64 = 0
    for _ in 0..<key.count {
      member += 1 + Int64(key.random.below(100_000 as UInt64))
      try build.integers.append(member)
    }
    try writer.packed(text.name.bytes, .setIntset, try build.integers.finished(), key.attributes)
  }

  /// Writes a hash in which half of the fields expire. These come first, in ascending order of expiry.
  private func fieldExpiries(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    let expiring = (key.count + 1) / 2
    let step = Self.expiryWindow / UInt64(key.count)
    let first = options.now.value + 1 + Int64(key.random.below(step))
    if writer.canWrite(.hash2) {
      try writer.beginElements(text.name.bytes, .hash2, count: UInt64(key.count), key.attributes)
      for number in 0..<key.count {
        text.makeFieldName(number)
        text.makeElement(key.row.valueBytes, &key.random)
        let expiry = first + Int64(step) * Int64(number)
        try writer.hashField(
          text.member.bytes, value: text.value.bytes,
          expiry: number < expiring ? UnixMilliseconds(expiry) : nil)
      }
      return try writer.endKey()
    }
    guard writer.canWrite(.hashListpackEx) else {
      return try smallHash(&key, &writer, &text, &build)
    }
    build.packed.removeAll()
    for number in 0..<key.count {
      text.makeFieldName(number)
      build.packed.append(text.member.bytes)
      text.makeElement(key.row.valueBytes, &key.random)
      build.packed.append(text.value.bytes)
      build.packed.append(number < expiring ? first + Int64(step) * Int64(number) : 0)
    }
    try writer.packed(
      text.name.bytes, .hashListpackEx, try build.packed.finished(),
      firstExpiry: UnixMilliseconds(first), key.attributes)
  }

  // MARK: Element by element

  /// Writes a hash with fields of 16 bytes.
  private func hash(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    try writer.beginElements(text.name.bytes, .hash, count: UInt64(key.count), key.attributes)
    let base = key.random.next()
    for number in 0..<key.count {
      text.makeMember(UInt64(number), base: base, byteCount: 16, &key.random)
      text.makeElement(key.row.valueBytes, &key.random)
      try writer.hashField(text.member.bytes, value: text.value.bytes)
    }
    try writer.endKey()
  }

  private func set(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    try writer.beginElements(text.name.bytes, .set, count: UInt64(key.count), key.attributes)
    let base = key.random.next()
    for number in 0..<key.count {
      text.makeMember(
        UInt64(number), base: base, byteCount: key.random.pick(key.row.valueBytes), &key.random)
      try writer.setMember(text.member.bytes)
    }
    try writer.endKey()
  }

  /// Writes a sorted set in descending order of scores, as servers do. Half of the scores have hundredths.
  private func zset(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    let type: ValueType = writer.canWrite(.zset2) ? .zset2 : .zset
    try writer.beginElements(text.name.bytes, type, count: UInt64(key.count), key.attributes)
    let base = key.random.next()
    for number in 0..<key.count {
      text.makeMember(
        UInt64(number), base: base, byteCount: key.random.pick(key.row.valueBytes), &key.random)
      let hundredths = key.random.below(200 as UInt64)
      let score = Double(UInt64(key.count - number) * 100 + (hundredths < 100 ? hundredths : 0)) / 100
      try writer.zsetMember(text.member.bytes, score: score)
    }
    try writer.endKey()
  }

  /// Writes a list with nodes of about 8 KiB, as servers do.
  func list(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    let type: ValueType = build.packed.usesListpack ? .listQuicklist2 : .listQuicklist
    guard writer.canWrite(type) else {
      try writer.beginElements(text.name.bytes, .list, count: UInt64(key.count), key.attributes)
      for _ in 0..<key.count {
        text.makeElement(key.row.valueBytes, &key.random)
        try writer.listElement(text.value.bytes)
      }
      return try writer.endKey()
    }
    let perNode = max(1, 8000 / (key.row.valueBytes.upperBound + 3))
    try writer.beginQuicklist(
      text.name.bytes, type, nodeCount: UInt64((key.count + perNode - 1) / perNode), key.attributes)
    var left = key.count
    while left > 0 {
      build.packed.removeAll()
      for _ in 0..<min(left, perNode) {
        text.makeElement(key.row.valueBytes, &key.random)
        build.packed.append(text.value.bytes)
      }
      left -= min(left, perNode)
      try writer.quicklistNode(packed: try build.packed.finished())
    }
    try writer.endKey()
  }
}
