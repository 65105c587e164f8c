import CLZF
public import RDB

/// A compressor for the strings of a snapshot, in the format of Redis and Valkey: liblzf.
///
///     var writer = try RDBWriter(to: destination, header: header, compressor: LZFCompressor())
///
/// Compression uses 512 KiB of stack. The compressor itself keeps no state.
public final class LZFCompressor: StringCompressor {
  /// Creates a compressor.
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
