/// LZF as Redis uses it for strings: no header, no end mark.
public enum LZF {
  /// The most bytes that `byteCount` compressed bytes can decompress to.
  @inlinable public static func maximumOutputByteCount(of byteCount: UInt64) -> UInt64 {
    let (product, overflow) = byteCount.multipliedReportingOverflow(by: 88)
    return overflow ? .max : product.addingReportingOverflow(32).overflow ? .max : product + 32
  }

  /// Decompresses `input` into exactly `output.count` bytes.
  ///
  /// - Throws: ``RDBError`` (`corruptLZF`), its offset counted from the start of `input`.
  public static func decompress(_ input: RawSpan, into output: UnsafeMutableRawBufferPointer)
    throws(RDBError)
  {
    var position = 0
    var produced = 0
    func corrupt(_ found: String) -> RDBError {
      RDBError(.corruptLZF, at: position, expected: "LZF data for \(output.count) bytes", found: found)
    }
    func next() throws(RDBError) -> Int {
      guard position < input.byteCount else { throw corrupt("its end after \(produced) bytes") }
      defer { position += 1 }
      return Int(input.unsafeLoad(fromByteOffset: position, as: UInt8.self))
    }
    while position < input.byteCount {
      let control = try next()
      if control < 32 {
        guard produced + control + 1 <= output.count else { throw corrupt("more bytes") }
        for _ in 0...control {
          output[produced] = UInt8(try next())
          produced += 1
        }
      } else {
        var length = control >> 5
        if length == 7 { length += try next() }
        length += 2
        let distance = ((control & 31) << 8) + (try next()) + 1
        guard distance <= produced else { throw corrupt("a reference before its start") }
        guard produced + length <= output.count else { throw corrupt("more bytes") }
        for _ in 0..<length {
          output[produced] = output[produced - distance]
          produced += 1
        }
      }
    }
    guard produced == output.count else { throw corrupt("\(produced) bytes") }
  }
}
