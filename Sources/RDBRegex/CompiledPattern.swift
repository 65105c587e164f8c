import CPCRE2
import RDBFiltering
import RDBFormat
import RDBSupport

/// An expression in PCRE2's compiled form, which does not change and which threads may share.
final class CompiledPattern: Sendable {
  /// The source text of the expression.
  let expression: String
  private nonisolated(unsafe) let code: OpaquePointer
  /// Whether to call the machine code directly, without the checks that UTF-8 needs.
  private let usesMachineCode: Bool
  /// Whether names are read as UTF-8.
  private let isUTF: Bool
  /// The number of groups in parentheses that a match fills.
  let groupCount: Int

  /// Compiles an expression.
  ///
  /// - Parameter ignoresCase: Whether letters match in either case.
  init(_ expression: String, ignoresCase: Bool = false) throws(FilterError) {
    let options: UInt32 = PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | (ignoresCase ? PCRE2_CASELESS : 0)
    var code = try Self.compile(expression, options)
    var allOptions: UInt32 = 0
    pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_ALLOPTIONS), &allOptions)
    isUTF = allOptions & PCRE2_UTF != 0
    if isUTF {
      // A name that is not UTF-8 does not match, instead of being an error.
      pcre2_code_free_8(code)
      code = try Self.compile(expression, options | PCRE2_MATCH_INVALID_UTF)
    }
    self.expression = expression
    self.code = code
    var groupCount: UInt32 = 0
    pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &groupCount)
    self.groupCount = Int(groupCount)
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

  /// Returns whether `name` contains the expression.
  ///
  /// - Parameters:
  ///   - start: The index at which the search begins.
  ///   - memory: The caller's own memory, reused from call to call. It has the bounds of the match afterwards.
  /// - Throws: ``RDBError`` (`patternTooCostly`), with the name as key.
  func isFound(in name: RawSpan, from start: Int = 0, _ memory: MatchMemory) throws(RDBError) -> Bool {
    let result = name.withUnsafeBytes { search($0, start, memory) }
    if result >= 0 { return true }
    if result == PCRE2_ERROR_NOMATCH { return false }
    throw RDBError(
      .patternTooCostly, at: 0,
      expected: "a key that \(printable(expression.utf8)) decides within \(MatchMemory.stepLimit) steps",
      found: "more (\(Self.message(result))): nested repetitions such as (a+)+ cost this much",
      key: name.withUnsafeBytes { Array($0) })
  }

  /// The index of the character after that at `index`.
  func index(after index: Int, in name: RawSpan) -> Int {
    var next = index + 1
    guard isUTF else { return next }
    while next < name.byteCount, name.byte(at: next) & 0b1100_0000 == 0b1000_0000 { next += 1 }
    return next
  }

  /// Searches a name.
  ///
  /// - Returns: PCRE2's result: 0 or more if found, otherwise an error number.
  private func search(_ name: UnsafeRawBufferPointer, _ first: Int, _ memory: MatchMemory) -> Int32 {
    // PCRE2 requires an address even for an empty name.
    let start = (name.baseAddress ?? memory.emptyName).assumingMemoryBound(to: UInt8.self)
    return usesMachineCode
      ? pcre2_jit_match_8(code, start, name.count, first, 0, memory.data, memory.context)
      : pcre2_match_8(code, start, name.count, first, 0, memory.data, memory.context)
  }

  /// Returns PCRE2's text for one of its error numbers.
  static func message(_ number: Int32) -> String {
    var text = [UInt8](repeating: 0, count: 256)
    let count = pcre2_get_error_message_8(number, &text, text.count)
    return count > 0 ? String(decoding: text.prefix(Int(count)), as: UTF8.self) : "error \(number)"
  }
}
