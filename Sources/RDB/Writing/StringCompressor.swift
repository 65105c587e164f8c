/// Compresses strings on their way into a snapshot, as servers do with LZF under `rdbcompression yes`.
///
/// `RDB` needs no system library, so the compressor is handed in: `RDBLZF` has the one by liblzf.
public protocol StringCompressor: AnyObject {
  /// Compresses `input` into `output` as an LZF stream.
  ///
  /// - Returns: How many bytes of `output` were written; 0: it does not fit.
  func compress(_ input: RawSpan, into output: UnsafeMutableRawBufferPointer) -> Int
}
