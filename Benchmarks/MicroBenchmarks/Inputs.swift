import RDB

/// What the benchmarks work on; made before anything is measured.
enum Inputs {
  /// 64 KiB of length prefixes: half of one byte, most others of two, some of five.
  static let lengths: [UInt8] = {
    var bytes: [UInt8] = []
    var number: UInt64 = 1
    while bytes.count < 65_536 {
      number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      switch number >> 61 {
      case 0...3: bytes.append(UInt8(number >> 40 & 0x3F))
      case 4...6: bytes += [0x40 | UInt8(number >> 40 & 0x3F), UInt8(number >> 32 & 0xFF)]
      default: bytes += [0x80, 0, 1, 2, 3]
      }
    }
    return bytes
  }()

  /// A listpack of 1000 entries of 12 bytes, every fourth an integer.
  static let listpack: [UInt8] = {
    var writer = ListpackWriter()
    for number in 0..<1000 {
      if number % 4 == 0 {
        writer.append(Int64(number * 977))
      } else {
        writer.append(text(12, number).span.bytes)
      }
    }
    do {
      return try writer.finished().withUnsafeBytes { Array($0) }
    } catch {
      fatalError("\(error)")
    }
  }()

  /// An LZF stream of 64 KiB: by turns 16 bytes as they are, and 48 from further back, as JSON gives.
  static let (compressed, compressedOutputByteCount): ([UInt8], Int) = {
    var bytes: [UInt8] = []
    var produced = 0
    while produced < 65_536 {
      bytes.append(15)
      bytes += text(16, produced)
      produced += 16
      if produced > 256 {
        let distance = 199
        bytes += [0b111_00000 | UInt8(distance >> 8), 39, UInt8(distance & 255)]
        produced += 48
      }
    }
    return (bytes, produced)
  }()

  /// 1 MiB of bytes for the checksum.
  static let megabyte = [UInt8]((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 8) })

  /// Scores: integers, hundredths, and fractions that need all their digits.
  static let scores: [Double] = (0..<1000).map { number in
    switch number % 4 {
    case 0: Double(number * 7919)
    case 1, 2: Double(number * 7919) / 100
    default: 1 / Double(number + 1)
    }
  }

  /// A snapshot of 1000 strings of `byteCount` bytes made by `byte`.
  static func snapshot(_ byteCount: Int, _ byte: (Int) -> UInt8) -> [UInt8] {
    do {
      let destination = MemoryDestination()
      var writer = try RDBWriter(
        to: destination, header: SnapshotHeader(vendor: .redis, version: 10), computesChecksum: false)
      let value = (0..<byteCount).map(byte)
      for number in 0..<1000 {
        try writer.string(Array("key:\(number)".utf8).span.bytes, value.span.bytes)
      }
      _ = try writer.finish()
      return destination.bytes
    } catch {
      fatalError("\(error)")
    }
  }

  /// Strings of 100 bytes for bulk strings.
  static let bulkStrings = snapshot(100) { 0x61 + UInt8($0 % 26) }
  /// Strings of 2000 bytes, JSON in JSON: every eighth byte is a quotation mark.
  static let quotedStrings = snapshot(2000) { $0 % 8 == 0 ? 0x22 : 0x61 + UInt8($0 % 26) }
  /// Strings of 2000 bytes with nothing to escape.
  static let plainStrings = snapshot(2000) { 0x61 + UInt8($0 % 26) }

  private static func text(_ byteCount: Int, _ seed: Int) -> [UInt8] {
    (0..<byteCount).map { 0x61 + UInt8(($0 * 7 + seed * 13) % 26) }
  }
}
