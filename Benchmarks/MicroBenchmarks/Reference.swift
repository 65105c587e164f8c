/// The loop that all times are compared with: the FNV-1a hash of 64 KiB, byte by byte.
///
/// Nothing but the processor's clock matters to it, so ratios to it compare across machines and moods.
enum Reference {
  private static let bytes = [UInt8]((0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31) })

  /// Nanoseconds of one round, the fastest of several: measured anew by each benchmark.
  static func nanoseconds() -> Double {
    var fastest = Double.infinity
    for _ in 0..<10 {
      let start = ContinuousClock.now
      let hash = run()
      let time = ContinuousClock.now - start
      precondition(hash != 0)
      fastest = min(fastest, Double(time.components.attoseconds) / 1e9)
    }
    return fastest
  }

  @inline(never)
  private static func run() -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}
