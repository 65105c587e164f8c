import RDBFormat

/// A compression library, reduced to steps. One thread at a time.
protocol Decompressor: AnyObject {
  /// Prepares for a member (frame) that begins with `magic`, which is one of its format.
  func begin(_ magic: Magic) throws(DecompressionFailure)

  /// Uses some of `input`, and fills some of `output` (never empty).
  ///
  /// May be called with an empty `input` for what it still holds back.
  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    throws(DecompressionFailure) -> DecompressionStep

  /// How many bytes it wants to see at once, at least.
  var wantedByteCount: Int { get }
  /// The format has no end mark: here the file may end.
  var mayEndHere: Bool { get }
}

extension Decompressor {
  var wantedByteCount: Int { 1 }
  var mayEndHere: Bool { false }
}

/// What one step did.
struct DecompressionStep {
  var consumed: Int
  var produced: Int
  /// The member (frame) is complete, and its checksum was right.
  var endsMember: Bool
}

/// Why a library refused its input; the source adds where.
enum DecompressionFailure: Error {
  /// A noun phrase.
  case corrupt(String)
  case windowTooLarge
  case noMemory
}
