import CSupport

/// Returns memory blocks of `byteCount` bytes or more to the system as soon as they are freed.
///
/// glibc otherwise keeps such blocks in the process, in pieces. Does nothing on other systems.
package func returnLargeBlocks(ofAtLeast byteCount: Int) { rdb_return_large_blocks(byteCount) }
