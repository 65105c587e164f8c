import RDB
import RDBFormat

/// Data that only KeyDB stores: cron jobs, and expiries of members.
extension JSONSink {
  /// Writes `{"type":"cron","name":…,"script":…,"start_ms":…,"interval_ms":…,"keys":[…],"args":[…]}`.
  mutating func cronJob(_ job: CronJob) throws(RDBError) {
    guard isNative else {
      return ledger.lose(.key, "the shape rdbtools has no cron jobs of KeyDB", key: job.name, offset: 0)
    }
    try beginItem()
    try output.append("{\"type\":\"cron\",\"name\":")
    try strings.appendValue(job.name.span.bytes, to: &output)
    try output.append(",\"script\":")
    try strings.appendValue(job.script.span.bytes, to: &output)
    try output.append(",\"start_ms\":", job.start)
    try output.append(",\"interval_ms\":", job.interval)
    try list(",\"keys\":[", job.keys)
    try list(",\"args\":[", job.arguments)
    try output.append(options.layout == .array ? "}" : "}\n")
  }

  private mutating func list(_ name: StaticString, _ values: [[UInt8]]) throws(RDBError) {
    try output.append(name)
    for (index, value) in values.enumerated() {
      if index > 0 { try output.append(UInt8(ascii: ",")) }
      try strings.appendValue(value.span.bytes, to: &output)
    }
    try output.append(UInt8(ascii: "]"))
  }

  /// Writes the expiry of a member of the current set or sorted set, after its last member:
  /// `"expiring_members":[{"member":…,"expire_ms":…}]`.
  ///
  /// - Returns: Whether the field is one of the two that store such an expiry.
  mutating func memberExpiry(_ field: borrowing AuxField) throws(RDBError) -> Bool {
    let name = [UInt8](field.name)
    if name.elementsEqual("keydb-subexpire-key".utf8) {
      key.expiringMember = [UInt8](field.value)
      return key.isOpen || !options.meta
    }
    guard name.elementsEqual("keydb-subexpire-when".utf8) else { return false }
    guard key.isOpen, isNative, key.close != 0, let time = Int64(String(decoding: [UInt8](field.value), as: UTF8.self))
    else {
      if options.meta, isNative, !key.isOpen { return false }
      ledger.lose(
        .expiry,
        isNative
          ? "an expiry of KeyDB follows its key in a file that does not begin as one of KeyDB"
          : "expiries of members: the shape rdbtools has none", key: key.expiringMember, offset: 0)
      return true
    }
    let (member, close) = (key.expiringMember, key.close)
    if key.hasExpiringMembers {
      try output.append(UInt8(ascii: ","))
    } else {
      try output.append(close)
      try output.append(",\"expiring_members\":[")
      key.close = UInt8(ascii: "]")
      key.hasExpiringMembers = true
    }
    try output.append("{\"member\":")
    try strings.appendValue(member.span.bytes, to: &output)
    try output.append(",\"expire_ms\":", time)
    try output.append(UInt8(ascii: "}"))
    return true
  }
}
