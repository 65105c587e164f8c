import RDB
import RDBFormat

/// The result of recognizing an input's compression.
struct DecompressedInput {
  /// The snapshot's own bytes: the input itself if it is not compressed and can seek.
  let source: any ByteSource
  /// `nil` if the input is not compressed.
  let format: CompressionFormat?
  /// Whether the input is a compressed envelope of Valkey 9.2.
  var isEnvelope = false
  /// The progress in the compressed bytes, or `nil` if the input is not compressed.
  let progress: CompressedProgress?
}

/// Recognizes the compression of `source` by its first bytes; see ``DecompressingSource``.
///
/// - Throws: ``RDBError``: the error of `source`, or `notRDB` for a known format that this target does not read.
func decompressing(_ source: any ByteSource, _ limits: DecompressionLimits) throws(RDBError)
  -> DecompressedInput
{
  let (start, whole) = try peek(source, byteCount: Envelope.headerByteCount)
  if let envelope = try Envelope(start) {
    let progress = CompressedProgress(totalByteCount: source.totalByteCount)
    let input = CompressedInput(whole, progress: progress)
    try input.fill(atLeast: envelope.byteCount)
    input.consume(envelope.byteCount)
    return DecompressedInput(
      source: MemberReader(input, format: envelope.format, limits), format: envelope.format, isEnvelope: true,
      progress: progress)
  }
  var magic = Magic(start)
  guard CompressionFormat.allCases.contains(where: { $0.begins(with: magic) }), magic.isWhole else {
    if let foreign = magic.foreignFormat {
      throw RDBError(
        .notRDB, at: 0, expected: "a snapshot, plain or compressed by gzip, zstd or LZ4",
        found: "\(foreign.name) data (decompress it: \(foreign.command) FILE | …)")
    }
    return DecompressedInput(source: whole, format: nil, progress: nil)
  }
  let progress = CompressedProgress(totalByteCount: source.totalByteCount)
  let input = CompressedInput(whole, progress: progress)
  // Skippable frames may precede the frames of zstd (pzstd writes such files) and of LZ4.
  while magic.isSkippable {
    try input.skipFrame()
    try input.fill(atLeast: CompressionFormat.magicByteCount)
    magic = Magic(input.bytes)
  }
  guard let format = CompressionFormat.allCases.first(where: { $0.begins(with: magic) }) else {
    throw input.noFrameAfterSkippable()
  }
  return DecompressedInput(
    source: MemberReader(input, format: format, limits), format: format,
    progress: progress)
}
