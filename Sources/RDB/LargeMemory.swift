#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory for buffers that may be long: what is given back is the system's again at once.
///
/// Large pieces come from the system itself; an allocator with one arena a thread keeps several times
/// what is in use, when pieces of some MiB come and go in changing sizes.
@usableFromInline
enum LargeMemory {
  /// From how many bytes on the system is asked.
  static var threshold: Int { 1 << 20 }

  static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    if byteCount < threshold {
      let small = malloc(max(byteCount, 1))
      precondition(small != nil, "out of memory")
      return small!
    }
    let pages = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    precondition(pages != nil && pages != MAP_FAILED, "out of memory")
    return pages!
  }

  /// - Parameter byteCount: What it was allocated with.
  @usableFromInline static func free(_ place: UnsafeMutableRawPointer, _ byteCount: Int) {
    if byteCount < threshold { releaseSmall(place) } else { munmap(place, byteCount) }
  }

  /// Gives `place` another size; the first `kept` bytes stay.
  static func resize(
    _ place: UnsafeMutableRawPointer, from byteCount: Int, to newByteCount: Int, keeping kept: Int
  ) -> UnsafeMutableRawPointer {
    let moved = allocate(newByteCount)
    memcpy(moved, place, kept)
    free(place, byteCount)
    return moved
  }
}

/// `free` of C, by a name that does not hide.
private func releaseSmall(_ place: UnsafeMutableRawPointer) { free(place) }
