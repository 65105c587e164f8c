import CPCRE2

/// The memory that PCRE2 needs for a search, one per worker.
final class MatchMemory {
  /// The number of steps after which a search of one name is an error.
  static let stepLimit: UInt32 = 1_000_000

  let data: OpaquePointer?
  let context: OpaquePointer?
  private let stack: OpaquePointer?
  /// The address passed for an empty name.
  let emptyName = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))

  /// - Parameter groupCount: The number of groups whose bounds are of interest, beside those of the whole match.
  init(groupCount: Int = 0) {
    data = pcre2_match_data_create_8(UInt32(groupCount + 1), nil)
    context = pcre2_match_context_create_8(nil)
    stack = pcre2_jit_stack_create_8(32 << 10, 1 << 20, nil)
    precondition(data != nil && context != nil && stack != nil, "out of memory")
    pcre2_set_match_limit_8(context, Self.stepLimit)
    pcre2_set_depth_limit_8(context, Self.stepLimit)
    // In KiB, for expressions without machine code.
    pcre2_set_heap_limit_8(context, 4 << 10)
    pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
  }

  /// Returns the bounds of a group in the last match; `nil` if it has no part in it.
  ///
  /// - Parameter group: The number of the group in parentheses, or 0 for the whole match.
  func bounds(ofGroup group: Int) -> Range<Int>? {
    guard let offsets = pcre2_get_ovector_pointer_8(data) else { return nil }
    let (start, end) = (offsets[2 * group], offsets[2 * group + 1])
    return start >= 0 && start <= end ? start..<end : nil
  }

  deinit {
    emptyName.deallocate()
    pcre2_match_data_free_8(data)
    pcre2_match_context_free_8(context)
    pcre2_jit_stack_free_8(stack)
  }
}
