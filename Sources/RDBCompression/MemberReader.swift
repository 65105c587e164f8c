import RDB
import RDBFormat
import RDBSupport

/// Reads gzip members, or frames, one after another, as one source of decompressed bytes.
final class MemberReader: ByteSource {
  private let input: CompressedInput
  private let format: CompressionFormat
  private let decompressor: any Decompressor
  private let limits: DecompressionLimits
  /// The number of decompressed bytes so far.
  private var byteCount = 0
  private var isBetweenMembers = true
  /// Whether the last step filled the output, so that the library may hold more output without more input.
  private var mayHoldOutput = false
  /// The first error, which every later read throws again.
  private var failure: RDBError?

  init(_ input: CompressedInput, format: CompressionFormat, _ limits: DecompressionLimits) {
    self.input = input
    self.format = format
    self.limits = limits
    decompressor =
      switch format {
      case .gzip: GzipDecompressor()
      case .zstd: ZstdDecompressor(windowLimit: limits.windowByteCount)
      case .lz4: LZ4Decompressor()
      }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    if let failure { throw failure }
    if buffer.isEmpty { return 0 }
    do throws(RDBError) {
      return try decompress(into: buffer)
    } catch {
      failure = error
      throw error
    }
  }

  private func decompress(into output: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    while true {
      if isBetweenMembers, try !beginMember() { return 0 }
      if !mayHoldOutput {
        try input.fill(atLeast: decompressor.wantedByteCount)
        if input.count == 0, decompressor.mayEndHere {
          isBetweenMembers = true
          continue
        }
        if input.count < decompressor.wantedByteCount { throw truncated() }
      }
      let offered = input.count
      let step: DecompressionStep
      do throws(DecompressionFailure) {
        step = try decompressor.step(input.bytes, into: output)
      } catch {
        throw refused(error)
      }
      input.consume(step.consumed)
      byteCount += step.produced
      if limits.refuses(byteCount, from: input.offset) { throw tooSmall() }
      isBetweenMembers = step.endsMember
      mayHoldOutput = step.produced == output.count && !step.endsMember
      if step.produced > 0 { return step.produced }
      if step.consumed == 0, !step.endsMember, offered >= decompressor.wantedByteCount {
        throw refused(.corrupt("data that does not decode any further"))
      }
    }
  }

  /// Begins the next member.
  ///
  /// - Returns: Whether there is another member; `false` at the end of the input.
  private func beginMember() throws(RDBError) -> Bool {
    try input.fill(atLeast: CompressionFormat.magicByteCount)
    if format == .gzip { try skipPadding() }
    if input.count == 0 { return false }
    let magic = Magic(input.bytes)
    guard format.begins(with: magic) else { throw trailing() }
    guard magic.isWhole else { throw truncated() }
    do throws(DecompressionFailure) {
      try decompressor.begin(magic)
    } catch {
      throw refused(error)
    }
    isBetweenMembers = false
    return true
  }

  /// Skips zeros up to the end of the input. Any other byte after them is an error.
  private func skipPadding() throws(RDBError) {
    guard byteCount > 0 || input.offset > 0, input.bytes.first == 0 else { return }
    while input.count > 0 {
      guard let other = input.bytes.firstIndex(where: { $0 != 0 }) else {
        input.consume(input.count)
        try input.fill(atLeast: 1)
        continue
      }
      input.consume(other)
      throw trailing()
    }
  }

  // MARK: Errors

  private func truncated() -> RDBError {
    RDBError(
      .truncated, at: byteCount, expected: "the rest of a \(format.memberName)",
      found: "the end of the compressed input at its byte \(input.offset + input.count)")
  }

  private func trailing() -> RDBError {
    RDBError(
      .trailingBytes, at: byteCount,
      expected: "the end of the compressed input, or another \(format.memberName)",
      found: "\(printable(input.bytes.prefix(16))) at byte \(input.offset) of the compressed input")
  }

  private func tooSmall() -> RDBError {
    RDBError(
      .ratioTooHigh, at: byteCount,
      expected: "at most \(limits.ratio) bytes for each compressed byte (`ratioLimit`)",
      found: "\(byteCount) bytes from \(input.offset), as in a file made to fill a disk")
  }

  private func refused(_ reason: DecompressionFailure) -> RDBError {
    switch reason {
    case .corrupt(let what):
      RDBError(
        .corruptCompression, at: byteCount, expected: "a sound \(format.memberName)",
        found: "\(what) near byte \(input.offset) of the compressed input")
    case .windowTooLarge:
      RDBError(
        .refused, at: byteCount,
        expected: "a zstd frame with a window of at most \(limits.windowByteCount >> 20) MiB",
        found: "one that needs more (as the zstd tool writes with its options --ultra and --long), "
          + "at byte \(input.offset) of the compressed input")
    case .noMemory:
      RDBError(.io, at: byteCount, expected: "memory for decompressing", found: "none")
    }
  }
}
