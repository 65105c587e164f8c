public import RDB
public import RDBFormat

/// A source that decompresses a snapshot while it is read, if gzip, zstd or LZ4 compressed it.
///
///     var reader = RDBReader(try DecompressingSource(FileSource(path: "dump.rdb.zst")))
///
/// The first bytes of the base source tell the format. An input that is not compressed passes unchanged, and can seek
/// if the base can. A compressed input cannot seek: `RDBReader` spools the bytes that it must read twice.
///
/// Several gzip members, or several frames, form one input. Skippable frames are skipped. Zeros after a gzip member (a
/// tape's padding) are ignored; any other bytes are an error. All checksums of the formats are verified. Decompression
/// happens on demand and never exceeds the reader's buffer, so a small file with huge contents needs no additional
/// memory.
///
/// A decompression bomb ends with an error: after the first 256 MiB, the source refuses to give more than `ratioLimit`
/// bytes for each compressed byte.
///
/// Memory: 256 KiB of input, and the history that the format requires. gzip requires 32 KiB; zstd its window, which
/// the writer chose (at most 8 MiB for levels below 20, 128 MiB for level 22); LZ4 at most 9 MiB; a legacy LZ4 frame
/// 16 MiB.
///
/// Reading throws `RDBError` with the codes `truncated`, `corruptCompression`, `trailingBytes`, `refused` for a
/// window above its limit, or `ratioTooHigh`. Its offset is in the decompressed bytes; `found` tells the offset in the compressed ones.
public final class DecompressingSource: ByteSource, SharedSource {
  private let input: DecompressedInput

  /// Recognizes the compression of `base` by its first bytes.
  ///
  /// - Parameters:
  ///   - base: A source of which nothing has been read yet. A pipe or a socket loses no bytes.
  ///   - windowLimit: The largest accepted zstd window, in bytes. The `zstd` tool writes larger windows, up to
  ///     2 GiB, with its option `--long=28` and above, and refuses them by default when reading.
  ///   - ratioLimit: The largest accepted number of decompressed bytes per compressed byte, counted from the start of
  ///     the input and compared after the first 256 MiB. gzip reaches 1,032 at most, zstd and LZ4 far more; snapshots
  ///     of servers rarely reach 20.
  /// - Throws: `RDBError`: the error of `base`, or `notRDB` for a known format that this library does not read (xz,
  ///   bzip2, zip, lzip, 7z).
  public init(_ base: any ByteSource, windowLimit: UInt64 = 128 << 20, ratioLimit: UInt64 = 500) throws(RDBError) {
    input = try decompressing(base, DecompressionLimits(windowByteCount: windowLimit, ratio: ratioLimit))
  }

  /// The compression of the input, or `nil` if it is not compressed.
  public var format: CompressionFormat? { input.format }

  /// Whether the input is a compressed envelope, which servers load from Valkey 9.2 on.
  package var isEnvelope: Bool { input.isEnvelope }

  /// The number of compressed bytes decompressed so far, or `nil` if the input is not compressed.
  package var compressedByteCount: Int? { input.progress?.byteCount }

  /// The progress of a compressed input, which another thread may read.
  package var progress: CompressedProgress? { input.progress }

  /// The base source itself if it is not compressed and can seek, otherwise a source of the decompressed bytes.
  package var source: any ByteSource { input.source }

  public var totalByteCount: UInt64? { input.source.totalByteCount }
  public var canSeek: Bool { input.source.canSeek }
  package var canShare: Bool { input.source.shared != nil }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try input.source.read(into: buffer)
  }

  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try input.source.read(at: offset, into: buffer)
  }

  package func skip(_ byteCount: UInt64) throws { try input.source.shared?.skip(byteCount) }
}
