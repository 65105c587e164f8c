import RDBFormat

/// The steps of a decompression library, for one thread at a time.
protocol Decompressor: AnyObject {
  /// Prepares for a member (frame) of the format, which begins with `magic`.
  func begin(_ magic: Magic) throws(DecompressionFailure)

  /// Uses bytes of `input`, and fills bytes of `output` (never empty).
  ///
  /// An empty `input` asks for output that the library still holds.
  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    throws(DecompressionFailure) -> DecompressionStep

  /// The least number of bytes that the next step needs.
  var wantedByteCount: Int { get }
  /// Whether the file may end here, for a format without an end mark.
  var mayEndHere: Bool { get }
}

extension Decompressor {
  var wantedByteCount: Int { 1 }
  var mayEndHere: Bool { false }
}

/// The result of one step.
struct DecompressionStep {
  var consumed: Int
  var produced: Int
  /// Whether the member (frame) is complete and its checksum matched.
  var endsMember: Bool
}

/// The reason why a library refused its input; the source adds the offset.
enum DecompressionFailure: Error {
  /// The input is corrupt. The text is a noun phrase for the fault.
  case corrupt(String)
  case windowTooLarge
  case noMemory
}
