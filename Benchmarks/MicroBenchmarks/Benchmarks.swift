import Benchmark
import RDB
import RDBConvert
import RDBSupport

/// Thousandths of the time of ``Reference``.
private let ratio = BenchmarkMetric.custom(
  "time / reference, thousandths", polarity: .prefersSmaller, useScalingFactor: false)

/// A benchmark whose rounds are also compared with the reference loop.
private func measure(_ name: String, _ round: @escaping () throws -> Int) {
  Benchmark(
    name,
    configuration: .init(
      metrics: [.wallClock, .throughput, ratio], warmupIterations: 3,
      maxDuration: .seconds(2), maxIterations: 2000)
  ) { benchmark in
    let reference = Reference.nanoseconds()
    benchmark.startMeasurement()
    let start = ContinuousClock.now
    let result = try round()
    let time = ContinuousClock.now - start
    benchmark.stopMeasurement()
    blackHole(result)
    let nanoseconds = Double(time.components.attoseconds) / 1e9
    benchmark.measurement(ratio, Int((nanoseconds / reference * 1000).rounded()))
  }
}

let benchmarks: @Sendable () -> Void = {
  measure("length/64-KiB") {
    let bytes = Inputs.lengths
    var cursor = ByteCursor(bytes.span.bytes)
    var count = 0
    // The last one may be cut.
    while cursor.remaining >= 5 {
      _ = try cursor.length()
      count += 1
    }
    precondition(count > 20_000)
    return count
  }

  measure("listpack/walk-1000-entries") {
    let bytes = Inputs.listpack
    var listpack = try Listpack(bytes.span.bytes, at: 0)
    var count = 0
    var byteCount = 0
    while !listpack.isAtEnd {
      byteCount &+= try listpack.next().bytes.byteCount
      count += 1
    }
    try listpack.finish(count: count)
    precondition(count == 1000 && byteCount == 9000)
    return byteCount
  }

  let output = UnsafeMutableRawBufferPointer.allocate(
    byteCount: Inputs.compressedOutputByteCount, alignment: 64)
  nonisolated(unsafe) let target = output
  measure("lzf/decompress-64-KiB") {
    let bytes = Inputs.compressed
    try LZF.decompress(bytes.span.bytes, into: target)
    return Int(target[target.count - 1])
  }

  measure("crc64/1-MiB") {
    var crc = CRC64()
    let bytes = Inputs.megabyte
    crc.update(bytes.span.bytes)
    precondition(crc.value != 0)
    return Int(truncatingIfNeeded: crc.value)
  }

  measure("resp/1000-bulk-strings-of-100-bytes") {
    let options = RESPOptions(target: ServerVersion(.redis, 7, 0))
    var reader = RDBReader(MemorySource(Inputs.bulkStrings))
    var sink = RESPSink(options, to: DiscardingDestination())
    try reader.read(into: &sink)
    return Int(try sink.finish().commandCount)
  }

  for (name, input) in [("quotes", Inputs.quotedStrings), ("plain", Inputs.plainStrings)] {
    measure("json/escape-1000-strings-of-2000-bytes-\(name)") {
      let options = JSONOptions(layout: .lines, writer: ServerVersion(.redis, 7, 0))
      var reader = RDBReader(MemorySource(input))
      var sink = JSONSink(options, to: DiscardingDestination())
      try reader.read(into: &sink)
      return Int(try sink.finish().keysWritten)
    }
  }

  measure("double/1000-scores") {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { text in
      guard let start = text.baseAddress else { return 0 }
      var byteCount = 0
      for score in Inputs.scores { byteCount &+= DoubleText.write(score, to: start) }
      precondition(byteCount > 5000)
      return byteCount
    }
  }
}
