public import RDB
public import RDBFormat

/// An input whose compression, if any, was recognised.
public struct DecompressedInput {
  /// The snapshot's own bytes. Of a seekable input that is not compressed this is that input itself.
  /// What is decompressed cannot seek: ``RDBReader`` spools what it has to look ahead at.
  public let source: any ByteSource
  /// `nil`: the input is not compressed.
  public let format: CompressionFormat?
  /// How far into the compressed bytes the reading is; `nil`: the input is not compressed, and the
  /// reader's own progress says it.
  public let progress: CompressedProgress?
}

/// Looks at the first bytes of `source`, and decompresses it where they are those of gzip, zstd or LZ4.
///
///     let input = try decompressing(FileSource(path: "dump.rdb.zst"))
///     var reader = RDBReader(input.source)
///
/// Several members or frames one after the other are one input; skippable frames are stepped over;
/// zeros behind a gzip member (a tape's padding) are ignored, anything else is an error. All checksums
/// of the formats are verified. Nothing is decompressed before it is asked for, and never more than
/// the reader's buffer holds; so a small file that promises much costs no memory.
///
/// Memory: 256 KiB of input, and what the format needs to look back: gzip 32 KiB; zstd its window,
/// which the writer chose (8 MiB at most for levels below 20, 128 MiB for `--ultra -22` or `--long`);
/// LZ4 at most 9 MiB; a legacy LZ4 frame 16 MiB.
///
/// - Parameters:
///   - source: Nothing has been read from it yet. A pipe or socket loses nothing by being looked at.
///   - windowLimit: The largest zstd window that is accepted, in bytes. What `zstd --long=28` and more
///     wrote needs up to 2 GiB; the `zstd` command refuses it by default, too.
/// - Throws: ``RDBError``: what the source threw, or `notRDB` for a format that is known but not read
///   (xz, bzip2, zip …). Reading throws `truncated`, `corruptCompression`, `trailingBytes`, or
///   `refused` (the window); their offset is in the decompressed bytes, and `found` says where that is in
///   the compressed ones.
public func decompressing(_ source: any ByteSource, windowLimit: UInt64 = 128 << 20) throws(RDBError)
  -> DecompressedInput
{
  let (start, whole) = try peek(source, byteCount: CompressionFormat.magicByteCount)
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
  // A skippable frame may stand before frames of zstd (pzstd writes such files) and of LZ4.
  while magic.isSkippable {
    try input.skipFrame()
    try input.fill(atLeast: CompressionFormat.magicByteCount)
    magic = Magic(input.bytes)
  }
  guard let format = CompressionFormat.allCases.first(where: { $0.begins(with: magic) }) else {
    throw input.noFrameAfterSkippable()
  }
  return DecompressedInput(
    source: DecompressingSource(input, format: format, windowLimit: windowLimit), format: format,
    progress: progress)
}

/// Looks at the first bytes of a source from which nothing has been read yet.
///
/// - Parameter byteCount: How many; fewer are returned only where there are no more.
/// - Returns: Them, and a source that still begins with them: the same one, if it can seek.
public func peek(_ source: any ByteSource, byteCount: Int) throws(RDBError)
  -> (start: [UInt8], source: any ByteSource)
{
  let start = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 8)
  defer { start.deallocate() }
  var count = 0
  while count < start.count {
    let rest = UnsafeMutableRawBufferPointer(rebasing: start[count...])
    let got =
      source.canSeek
      ? try source.read(at: UInt64(count), into: rest) : try source.read(into: rest)
    if got == 0 { break }
    count += got
  }
  let bytes = Array(start[..<count])
  return (bytes, source.canSeek ? source : PrefixedSource(bytes, before: source))
}
