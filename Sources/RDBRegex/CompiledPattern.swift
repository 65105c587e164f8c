import CPCRE2
import RDBFiltering
import RDBFormat
import RDBSupport

/// An expression in PCRE2's compiled form, which does not change and which threads may share.
final class CompiledPattern: Sendable {
  private nonisolated(unsafe) let code: OpaquePointer
  /// Whether to call the machine code directly, without the checks that UTF-8 needs.
  private let usesMachineCode: Bool

  init(_ expression: String) throws(FilterError) {
    let lines: UInt32 = PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY
    var code = try Self.compile(expression, lines)
    var options: UInt32 = 0
    pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_ALLOPTIONS), &options)
    let isUTF = options & PCRE2_UTF != 0
    if isUTF {
      // A name that is not UTF-8 does not match, instead of being an error.
      pcre2_code_free_8(code)
      code = try Self.compile(expression, lines | PCRE2_MATCH_INVALID_UTF)
    }
    self.code = code
    // No machine code results from (*NO_JIT), or on a system that forbids generated code.
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
    var offset = 0
    if let code = pcre2_compile_8(bytes, bytes.count, options, &number, &offset, nil) { return code }
    throw FilterError(
      expected: "a Perl-compatible regular expression (a special character needs a \\ before it to match itself)",
      found: "\(printable(bytes)): \(message(number)), at byte \(offset)")
  }

  /// Searches a name.
  ///
  /// - Returns: PCRE2's result: 0 or more if found, otherwise an error number.
  func match(_ name: UnsafeRawBufferPointer, _ memory: MatchMemory) -> Int32 {
    // PCRE2 requires an address even for an empty name.
    let start = (name.baseAddress ?? memory.emptyName).assumingMemoryBound(to: UInt8.self)
    return usesMachineCode
      ? pcre2_jit_match_8(code, start, name.count, 0, 0, memory.data, memory.context)
      : pcre2_match_8(code, start, name.count, 0, 0, memory.data, memory.context)
  }

  /// Returns PCRE2's text for one of its error numbers.
  static func message(_ number: Int32) -> String {
    var text = [UInt8](repeating: 0, count: 256)
    let count = pcre2_get_error_message_8(number, &text, text.count)
    return count > 0 ? String(decoding: text.prefix(Int(count)), as: UTF8.self) : "error \(number)"
  }
}
