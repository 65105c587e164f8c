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

  init() {
    // Room for one pair of offsets: only whether there is a match is of interest.
    data = pcre2_match_data_create_8(1, nil)
    context = pcre2_match_context_create_8(nil)
    stack = pcre2_jit_stack_create_8(32 << 10, 1 << 20, nil)
    precondition(data != nil && context != nil && stack != nil, "out of memory")
    pcre2_set_match_limit_8(context, Self.stepLimit)
    pcre2_set_depth_limit_8(context, Self.stepLimit)
    // In KiB, for expressions without machine code.
    pcre2_set_heap_limit_8(context, 4 << 10)
    pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
  }

  deinit {
    emptyName.deallocate()
    pcre2_match_data_free_8(data)
    pcre2_match_context_free_8(context)
    pcre2_jit_stack_free_8(stack)
  }
}
