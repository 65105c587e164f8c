/// LZF as Redis uses it for strings: no header, no end mark.
///
///     000LLLLL                     L + 1 bytes follow as they are
///     LLLooooo oooooooo            L + 2 bytes (L 1–6) from o + 1 bytes back
///     111ooooo LLLLLLLL oooooooo   L + 9 bytes from o + 1 bytes back
///
/// Source: liblzf's `lzf_decompress`. Tests compare the output and the errors of both.
@usableFromInline package enum LZF {
  /// The most bytes that `byteCount` compressed bytes can decompress to: 264 from 3.
  @inlinable package static func maximumOutputByteCount(of byteCount: UInt64) -> UInt64 {
    let (product, overflow) = byteCount.multipliedReportingOverflow(by: 88)
    return overflow || product > .max - 32 ? .max : product + 32
  }

  /// Decompresses `input` into exactly `output.count` bytes.
  ///
  /// Copies 16 bytes at a time as long as that cannot pass the end of either buffer.
  ///
  /// - Throws: ``RDBError`` (`corruptLZF`), its offset counted from the start of `input`.
  /// - Complexity: O(`output.count`).
  @usableFromInline package static func decompress(_ input: RawSpan, into output: UnsafeMutableRawBufferPointer)
    throws(RDBError)
  {
    var failure: (at: Int, Fault)?
    input.withUnsafeBytes { source in failure = decompress(source, output) }
    if let (offset, fault) = failure { throw .lzf(offset, output.count, fault) }
  }

  @usableFromInline enum Fault {
    case inputEnds(produced: Int), tooMuch, beforeStart, tooLittle(produced: Int)
  }

  private static func decompress(
    _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
  ) -> (at: Int, Fault)? {
    let inputCount = input.count
    let outputCount = output.count
    guard inputCount > 0, let source = input.baseAddress else {
      return outputCount == 0 ? nil : (0, .tooLittle(produced: 0))
    }
    guard let target = output.baseAddress else { return (0, .tooMuch) }
    var read = 0
    var written = 0
    while read < inputCount {
      let start = read
      let control = Int(source.load(fromByteOffset: read, as: UInt8.self))
      read &+= 1
      if control < 32 {
        let count = control &+ 1
        guard count <= inputCount &- read else { return (start, .inputEnds(produced: written)) }
        guard count <= outputCount &- written else { return (start, .tooMuch) }
        if inputCount &- read >= 32, outputCount &- written >= 32 {
          copy16(source + read, target + written)
          if count > 16 { copy16(source + read + 16, target + written + 16) }
        } else {
          (target + written).copyMemory(from: source + read, byteCount: count)
        }
        read &+= count
        written &+= count
        continue
      }
      var count = control >> 5
      if count == 7 {
        guard read < inputCount else { return (start, .inputEnds(produced: written)) }
        count &+= Int(source.load(fromByteOffset: read, as: UInt8.self))
        read &+= 1
      }
      count &+= 2
      guard read < inputCount else { return (start, .inputEnds(produced: written)) }
      let distance =
        ((control & 31) << 8 | Int(source.load(fromByteOffset: read, as: UInt8.self))) &+ 1
      read &+= 1
      guard distance <= written else { return (start, .beforeStart) }
      guard count <= outputCount &- written else { return (start, .tooMuch) }
      copyBack(target + written, distance, count, room: outputCount &- written)
      written &+= count
    }
    return written == outputCount ? nil : (read, .tooLittle(produced: written))
  }

  @inline(__always)
  private static func copy16(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
    target.storeBytes(
      of: source.loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
  }

  /// Copies `count` bytes that begin `distance` bytes before `target` to `target`. May write up to `room` bytes.
  @inline(__always)
  private static func copyBack(
    _ target: UnsafeMutableRawPointer, _ distance: Int, _ count: Int, room: Int
  ) {
    let source = UnsafeRawPointer(target - distance)
    if distance >= 16, room >= count &+ 16 {
      var done = 0
      repeat {
        copy16(source + done, target + done)
        done &+= 16
      } while done < count
    } else if distance >= 8, room >= count &+ 8 {
      var done = 0
      repeat {
        target.storeBytes(
          of: source.loadUnaligned(fromByteOffset: done, as: UInt64.self), toByteOffset: done,
          as: UInt64.self)
        done &+= 8
      } while done < count
    } else if distance == 1 {
      target.initializeMemory(
        as: UInt8.self, repeating: source.load(as: UInt8.self), count: count)
    } else {
      for index in 0..<count {
        target.storeBytes(
          of: source.load(fromByteOffset: index, as: UInt8.self), toByteOffset: index,
          as: UInt8.self)
      }
    }
  }
}

extension RDBError {
  @inline(never)
  fileprivate static func lzf(_ offset: Int, _ byteCount: Int, _ fault: LZF.Fault) -> RDBError {
    let found =
      switch fault {
      case .inputEnds(let produced): "its end after \(produced) bytes"
      case .tooMuch: "more bytes"
      case .beforeStart: "a reference before its start"
      case .tooLittle(let produced): "\(produced) bytes"
      }
    return RDBError(
      .corruptLZF, at: offset, expected: "LZF data for \(byteCount) bytes", found: found)
  }
}
