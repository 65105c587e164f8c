import RDBFormat
import RDBSupport

/// The commands that change a string in place or compute a new one from it.
extension Execution {
  func append(_ command: ReplayCommand) throws {
    let (name, tail) = (command[1], command[2])
    guard let value = try string(name) else {
      set(name, .string(tail, isRaw: false))
      return
    }
    _ = value
    try requireMemory(tail.count, command)
    _ = try changeString(name) { $0 += tail }
  }

  func setrange(_ command: ReplayCommand) throws {
    let (name, part) = (command[1], command[3])
    let offset = try command.integer(2)
    guard offset >= 0 else { throw CommandError.outOfRange }
    let former = try string(name)?.count
    if part.isEmpty { return }
    let (end, overflow) = Int(offset).addingReportingOverflow(part.count)
    try requireMemory(overflow ? .max : end - (former ?? 0), command)
    if former == nil { set(name, .string([], isRaw: true)) }
    _ = try changeString(name) { bytes in
      grow(&bytes, to: end)
      bytes.replaceSubrange(Int(offset)..<end, with: part)
    }
  }

  /// Appends bytes of 0 up to a number of bytes.
  func grow(_ bytes: inout [UInt8], to count: Int) {
    if bytes.count < count { bytes.append(contentsOf: repeatElement(0, count: count - bytes.count)) }
  }

  // MARK: Numbers

  func incr(_ command: ReplayCommand) throws { try add(1, command[1]) }
  func decr(_ command: ReplayCommand) throws { try add(-1, command[1]) }
  func incrby(_ command: ReplayCommand) throws { try add(command.integer(2), command[1]) }

  func decrby(_ command: ReplayCommand) throws {
    let number = try command.integer(2)
    guard number != .min else { throw CommandError.overflow }
    try add(-number, command[1])
  }

  private func add(_ increment: Int64, _ name: [UInt8]) throws {
    let former = try string(name)
    guard let number = former.map({ DecimalText.parseCanonical($0.span.bytes) }) ?? 0 else {
      throw CommandError.notInteger
    }
    let (sum, overflow) = number.addingReportingOverflow(increment)
    guard !overflow else { throw CommandError.overflow }
    replaceString(name, Array(String(sum).utf8))
  }

  func incrbyfloat(_ command: ReplayCommand) throws {
    let former = try string(command[1]) ?? Array("0".utf8)
    switch LongDoubleText.sum(former, command[2]) {
    case .text(let sum): replaceString(command[1], sum)
    case .notNumber: throw CommandError.notFloat
    case .overflow: throw CommandError.overflow
    }
  }

  /// Sets a string, and keeps the key's expiry.
  func replaceString(_ name: [UInt8], _ value: [UInt8], isRaw: Bool = false) {
    set(name, .string(value, isRaw: isRaw), expiry: keys.index(of: name).flatMap { keys[valueAt: $0].expiry })
  }
}
