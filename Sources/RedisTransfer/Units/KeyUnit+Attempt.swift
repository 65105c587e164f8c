import RDBConvert

/// Other temporary names, for commands that are sent again while the same ones may still run on a lost connection.
extension KeyUnit {
  /// The longest name of a key that gets another temporary name. A longer one may be cut by the end of a unit.
  private static let nameByteLimit = 64 << 10

  /// Replaces the temporary names of all keys by those of an attempt.
  ///
  /// The names have the same length, so that nothing else changes.
  ///
  /// - Returns: The replaced names.
  package mutating func useTemporaryNames(ofAttempt next: UInt8) -> [[UInt8]] {
    guard next != attempt else { return [] }
    var replaced: [[UInt8]] = []
    for (index, key) in keys.enumerated() where key.subject == .key && key.nameByteCount < Self.nameByteLimit {
      let name = Array(name(of: key))
      let former = TemporaryName.of(name, attempt: attempt)
      let new = TemporaryName.of(name, attempt: next)
      let end = index + 1 == keys.count ? bytes.count : keys[index + 1].byteOffset
      let start = startsInsideCommand && index == 0 ? firstCommandOffset : key.byteOffset
      if start >= 0, bytes.replaceArguments(former, by: new, in: start..<end) { replaced.append(former) }
    }
    attempt = next
    return replaced
  }
}

extension [UInt8] {
  /// Replaces the first two arguments of commands, after their names, where they are equal to others.
  ///
  /// - Parameters:
  ///   - new: The replacement, which is as long as `former`.
  ///   - range: A range that begins with a command. The last command may be cut.
  /// - Returns: Whether there were some.
  fileprivate mutating func replaceArguments(_ former: [UInt8], by new: [UInt8], in range: Range<Int>) -> Bool {
    let changed = TemporaryName.variableRange(of: new)
    var hasReplaced = false
    var offset = range.lowerBound
    while offset < range.upperBound {
      let (count, first) = header(at: offset)
      var argument = first
      for number in 0..<count {
        guard argument < range.upperBound else { return hasReplaced }
        let (byteCount, start) = header(at: argument)
        argument = start + byteCount + 2
        guard number == 1 || number == 2, byteCount == former.count, argument <= range.upperBound else { continue }
        if self[start..<start + byteCount].elementsEqual(former) {
          replaceSubrange(start + changed.lowerBound..<start + changed.upperBound, with: new[changed])
          hasReplaced = true
        }
      }
      offset = argument
    }
    return hasReplaced
  }
}
