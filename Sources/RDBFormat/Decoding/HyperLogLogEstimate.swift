/// The number of elements that a HyperLogLog of 16384 registers estimates, as PFCOUNT does since Redis 5.0.
///
/// Method: Ertl, "New cardinality estimation algorithms for HyperLogLog sketches". Source: `hllCount` in Redis
/// `src/hyperloglog.c`.
package enum HyperLogLogEstimate {
  /// The number of elements.
  ///
  /// - Parameter histogram: The number of registers with each value, 0–63.
  package static func cardinality(_ histogram: [Int]) -> UInt64 {
    let m = 16_384.0
    let q = 64 - 14
    var z = m * tau((m - Double(histogram[q + 1])) / m)
    for value in stride(from: q, through: 1, by: -1) { z = (z + Double(histogram[value])) * 0.5 }
    z += m * sigma(Double(histogram[0]) / m)
    let estimate = (0.721347520444481703680 * m * m / z).rounded()
    return UInt64(exactly: estimate) ?? 0
  }

  private static func sigma(_ start: Double) -> Double {
    if start == 1 { return .infinity }
    var (x, y, z) = (start, 1.0, start)
    while true {
      x *= x
      let previous = z
      z += x * y
      y += y
      if previous == z { return z }
    }
  }

  private static func tau(_ start: Double) -> Double {
    if start == 0 || start == 1 { return 0 }
    var (x, y, z) = (start, 1.0, 1 - start)
    while true {
      x = x.squareRoot()
      let previous = z
      y *= 0.5
      z -= (1 - x) * (1 - x) * y
      if previous == z { return z / 3 }
    }
  }
}
