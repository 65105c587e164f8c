import CLZF
public import RDB

/// Compresses strings by liblzf, whose format and effort are those of the servers.
///
/// One per writer: it needs 512 KiB of stack while it works, and keeps nothing.
public final class LZFCompressor: StringCompressor {
  public init() {}

  public func compress(_ input: RawSpan, into output: UnsafeMutableRawBufferPointer) -> Int {
    input.withUnsafeBytes { source in
      guard let inputCount = UInt32(exactly: source.count), !output.isEmpty else { return 0 }
      return Int(
        lzf_compress(
          source.baseAddress, inputCount, output.baseAddress, UInt32(clamping: output.count)))
    }
  }
}
