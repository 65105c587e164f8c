import ArgumentParser

/// A number of bytes, in the notation of `redis.conf`: `512mb`, `1gb`, `100k`.
///
///     k m g    1000, 1000², 1000³
///     kb mb gb 1024, 1024², 1024³
///
/// Upper and lower case are the same. Source: `memtoull` in Redis `src/util.c`.
struct ByteSize: Hashable, Sendable, ExpressibleByArgument {
  var byteCount: UInt64

  init(_ byteCount: UInt64) { self.byteCount = byteCount }

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    guard let number = UInt64(digits), let unit = Self.units[argument.dropFirst(digits.count).lowercased()]
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    guard !overflow else { return nil }
    byteCount = product
  }

  private static let units: [String: UInt64] = [
    "": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20, "g": 1_000_000_000,
    "gb": 1 << 30,
  ]

  var defaultValueDescription: String {
    for (name, unit) in [("gb", UInt64(1) << 30), ("mb", 1 << 20), ("kb", 1 << 10)]
    where byteCount > 0 && byteCount % unit == 0 {
      return "\(byteCount / unit)\(name)"
    }
    return "\(byteCount)"
  }
}
