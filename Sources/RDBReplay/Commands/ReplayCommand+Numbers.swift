import RDBFormat
import RDBSupport

extension ReplayCommand {
  /// The argument as an integer of 64 bits in its canonical form: no sign but `-`, no leading zeros, no spaces.
  ///
  /// - Throws: ``CommandError/notInteger``.
  package func integer(_ index: Int) throws(CommandError) -> Int64 {
    let argument = arguments[index]
    guard let number = DecimalText.parseCanonical(argument.span.bytes) else { throw .notInteger }
    return number
  }

  /// The argument as the number of a database.
  ///
  /// - Throws: ``CommandError/notInteger``, or ``CommandError/outOfRange`` for a database that the server does not have.
  func databaseNumber(_ index: Int, of options: ReplayOptions) throws(CommandError) -> UInt64 {
    let number = try integer(index)
    guard number >= 0, UInt64(number) < options.databaseCount else { throw .outOfRange }
    return UInt64(number)
  }
}

extension Execution {
  /// The time that an argument of an EX, PX, EXAT or PXAT option names.
  ///
  /// - Parameters:
  ///   - inSeconds: Whether the argument counts seconds, not milliseconds.
  ///   - isRelative: Whether it counts from ``now``.
  ///   - mustBePositive: Whether 0 and negative numbers are an error, as in SET and GETEX but not in EXPIRE.
  /// - Throws: ``CommandError``.
  package func time(
    _ command: ReplayCommand, _ index: Int, inSeconds: Bool, isRelative: Bool, mustBePositive: Bool
  ) throws(CommandError) -> UnixMilliseconds {
    let number = try command.integer(index)
    if mustBePositive, number <= 0 { throw .invalidExpiry }
    let (milliseconds, overflow) = number.multipliedReportingOverflow(by: inSeconds ? 1000 : 1)
    if overflow { throw .invalidExpiry }
    guard isRelative else { return UnixMilliseconds(milliseconds) }
    let (sum, carry) = milliseconds.addingReportingOverflow(now.value)
    if carry { throw .invalidExpiry }
    return UnixMilliseconds(sum)
  }
}
