/// A compressor of the strings of a snapshot, which servers use with `rdbcompression yes`.
///
/// `RDB` needs no system library, so the caller supplies the compressor: `RDBLZF` has one that uses liblzf.
public protocol StringCompressor: AnyObject {
  /// Compresses `input` into `output` as an LZF stream.
  ///
  /// - Returns: The number of bytes written to `output`; 0 if the result does not fit.
  func compress(_ input: RawSpan, into output: UnsafeMutableRawBufferPointer) -> Int
}
