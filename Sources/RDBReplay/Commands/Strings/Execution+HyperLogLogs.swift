extension CommandError {
  static let notHyperLogLog = CommandError("the key does not hold a HyperLogLog")
  static let damagedHyperLogLog = CommandError("the HyperLogLog is damaged")
}

/// The commands on HyperLogLogs.
extension Execution {
  /// The HyperLogLog at a key; `nil` if the key does not exist.
  private func hyperLogLog(_ name: [UInt8]) throws -> HyperLogLog? {
    guard let bytes = try string(name) else { return nil }
    guard let value = HyperLogLog(bytes) else { throw CommandError.notHyperLogLog }
    return value
  }

  func pfadd(_ command: ReplayCommand) throws {
    let former = try hyperLogLog(command[1])
    var value = former ?? HyperLogLog()
    var isChanged = former == nil
    // A server keeps the elements that it added before it found the damage.
    defer { if former == nil || isChanged { replaceString(command[1], value.bytes, isRaw: true) } }
    do {
      for element in command.arguments.dropFirst(2) where try value.add(element) { isChanged = true }
    } catch { throw CommandError.damagedHyperLogLog }
    if isChanged { value.invalidate() } else { markRaw(command[1]) }
  }

  /// Notes that a server keeps the string as a raw string from now on.
  private func markRaw(_ name: [UInt8]) { _ = try? changeString(name) { _ in } }

  /// PFCOUNT of one key stores the cardinality, if the stored one is stale.
  func pfcount(_ command: ReplayCommand) throws {
    guard command.count == 2 else {
      for index in 1..<command.count {
        let value = try hyperLogLog(command[index])
        guard (try? value?.registers()) != nil || value == nil else { throw CommandError.damagedHyperLogLog }
      }
      return
    }
    guard var value = try hyperLogLog(command[1]) else { return }
    guard !value.isCounted else {
      markRaw(command[1])
      return
    }
    do { try value.count() } catch { throw CommandError.damagedHyperLogLog }
    replaceString(command[1], value.bytes, isRaw: true)
  }

  func pfmerge(_ command: ReplayCommand) throws {
    var largest = [UInt8](repeating: 0, count: HyperLogLog.registerCount)
    var isDense = false
    for index in 1..<command.count {
      guard let source = try hyperLogLog(command[index]) else { continue }
      if source.isDense { isDense = true }
      guard let registers = try? source.registers() else { throw CommandError.damagedHyperLogLog }
      for (register, value) in registers.enumerated() where value > largest[register] { largest[register] = value }
    }
    var target = try hyperLogLog(command[1]) ?? HyperLogLog()
    do {
      if isDense { try target.makeDense() }
      for (register, value) in largest.enumerated() where value > 0 { try target.raise(register, to: value) }
    } catch { throw CommandError.damagedHyperLogLog }
    target.invalidate()
    replaceString(command[1], target.bytes, isRaw: true)
  }

  /// GETREG and TODENSE convert to the dense form; the other subcommands change nothing.
  func pfdebug(_ command: ReplayCommand) throws {
    let subcommand = command.lowercased(1)
    if subcommand == "simd" { return }
    guard var value = try hyperLogLog(command[2]) else { throw CommandError.noSuchKey }
    switch subcommand {
    case "getreg", "todense":
      do { try value.makeDense() } catch { throw CommandError.damagedHyperLogLog }
      replaceString(command[2], value.bytes, isRaw: true)
    case "encoding", "decode": markRaw(command[2])
    default: throw CommandError("no such subcommand")
    }
  }
}
