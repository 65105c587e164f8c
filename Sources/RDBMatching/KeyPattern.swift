import CPCRE2
import RDB
public import RDBFormat
import RDBSupport

/// A regular expression over key names: Perl's syntax, by PCRE2, compiled once and shared by workers.
///
/// It is searched for anywhere in the name unless it says `^` or `$`, as `grep` does. Names are bytes:
/// `.` is any byte, newlines included, and `$` only the very end. An expression that begins with
/// `(*UTF)` looks at names as UTF-8 instead (`.` is a character then), and matches nothing across
/// bytes that are not.
///
/// PCRE2 rather than Swift's `Regex`: measured on a million names of 24 bytes, PCRE2 takes 35–123 ns a
/// name, `Regex` 1 200–11 000 ns, and reading a small key about 20 ns.
public struct KeyPattern: Sendable {
  /// The expression as it was written.
  public let expression: String
  private let compiled: Compiled

  /// - Throws: ``FilterError``, with the place of the mistake.
  public init(_ expression: String) throws(FilterError) {
    self.expression = expression
    compiled = try Compiled(expression)
  }

  /// Whether the expression is found in `name`.
  ///
  /// - Parameter memory: Reused from call to call; nothing is allocated.
  /// - Throws: ``RDBError`` (`patternTooCostly`), with the name as key.
  func matches(_ name: RawSpan, _ memory: MatchMemory) throws(RDBError) -> Bool {
    let result = name.withUnsafeBytes { compiled.match($0, memory) }
    if result >= 0 { return true }
    if result == PCRE2_ERROR_NOMATCH { return false }
    throw RDBError(
      .patternTooCostly, at: 0,
      expected: "a key that \(printable(expression.utf8)) decides within \(MatchMemory.stepLimit) steps",
      found: "more (\(message(result))): nested repetitions such as (a+)+ cost this much",
      key: name.withUnsafeBytes { Array($0) })
  }
}

extension RDBError.Code {
  /// A regular expression that would search one key's name for too long.
  public static let patternTooCostly = RDBError.Code("patternTooCostly")
}

/// PCRE2's own form of an expression. Never changed once it is compiled, so threads may share it.
private final class Compiled: Sendable {
  private nonisolated(unsafe) let code: OpaquePointer
  /// Straight to the machine code: without the checks that UTF-8 needs.
  private let usesMachineCode: Bool

  init(_ expression: String) throws(FilterError) {
    let lines: UInt32 = PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY
    var code = try Self.compile(expression, lines)
    var options: UInt32 = 0
    pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_ALLOPTIONS), &options)
    let isUTF = options & PCRE2_UTF != 0
    if isUTF {
      // Names that are not UTF-8 are to be no match, not an error.
      pcre2_code_free_8(code)
      code = try Self.compile(expression, lines | PCRE2_MATCH_INVALID_UTF)
    }
    self.code = code
    // There may be none: (*NO_JIT), or a system that does not let programs write programs.
    pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
    var machineCodeByteCount = 0
    pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_JITSIZE), &machineCodeByteCount)
    usesMachineCode = machineCodeByteCount > 0 && !isUTF
  }

  deinit { pcre2_code_free_8(code) }

  private static func compile(_ expression: String, _ options: UInt32) throws(FilterError)
    -> OpaquePointer
  {
    let bytes = Array(expression.utf8)
    var number: Int32 = 0
    var place = 0
    if let code = pcre2_compile_8(bytes, bytes.count, options, &number, &place, nil) { return code }
    throw FilterError(
      expected: "a regular expression (as Perl's; a character that is to stand for itself may need a \\ before it)",
      found: "\(printable(bytes)): \(message(number)), at byte \(place)")
  }

  func match(_ name: UnsafeRawBufferPointer, _ memory: MatchMemory) -> Int32 {
    // PCRE2 wants an address even for no bytes.
    let start = (name.baseAddress ?? memory.nowhere).assumingMemoryBound(to: UInt8.self)
    return usesMachineCode
      ? pcre2_jit_match_8(code, start, name.count, 0, 0, memory.data, memory.context)
      : pcre2_match_8(code, start, name.count, 0, 0, memory.data, memory.context)
  }
}

/// What PCRE2 needs while it searches: one for each worker.
@usableFromInline
final class MatchMemory {
  /// A key that needs more steps than this is an error, not a hang.
  static let stepLimit: UInt32 = 1_000_000

  let data: OpaquePointer?
  let context: OpaquePointer?
  private let stack: OpaquePointer?
  let nowhere = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))

  init() {
    // Whether there is a match is enough: room for one pair of places.
    data = pcre2_match_data_create_8(1, nil)
    context = pcre2_match_context_create_8(nil)
    stack = pcre2_jit_stack_create_8(32 << 10, 1 << 20, nil)
    precondition(data != nil && context != nil && stack != nil, "out of memory")
    pcre2_set_match_limit_8(context, Self.stepLimit)
    pcre2_set_depth_limit_8(context, Self.stepLimit)
    // KiB, for expressions that have no machine code.
    pcre2_set_heap_limit_8(context, 4 << 10)
    pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
  }

  deinit {
    nowhere.deallocate()
    pcre2_match_data_free_8(data)
    pcre2_match_context_free_8(context)
    pcre2_jit_stack_free_8(stack)
  }
}

/// What PCRE2 says of one of its error numbers.
private func message(_ number: Int32) -> String {
  var text = [UInt8](repeating: 0, count: 256)
  let count = pcre2_get_error_message_8(number, &text, text.count)
  return count > 0 ? String(decoding: text.prefix(Int(count)), as: UTF8.self) : "error \(number)"
}
