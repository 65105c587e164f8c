import RDB
import RDBFormat
import RDBLZF
import TestSupport
import Testing

/// Collects the jobs that a file announces.
private struct JobSink: SelectiveSink {
  var jobs: [CronJob?] = []
  static var events: SinkEvents { [.aux] }
  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .skip }
  mutating func aux(_ field: borrowing AuxField) throws(RDBError) { jobs.append(CronJob(field)) }
}

@Suite("A cron job of KeyDB")
struct CronJobTests {
  @Test("Is read with its script, its times, its keys and its arguments, in any form of a string")
  func parts() throws {
    let script = [UInt8](repeating: 97, count: 200)
    var builder = SnapshotBuilder(version: 9)
    builder.aux("redis-ver", "6.3.4")
    let output = MemoryDestination()
    var writer = try RDBWriter(
      to: output, header: SnapshotHeader(vendor: .redis, version: 9), compressor: LZFCompressor())
    try writer.string([0x6B].span.bytes, script.span.bytes)
    _ = try writer.finish()
    // The stored form of the script, up to the end of the snapshot.
    let start = try #require(output.bytes.firstIndex(of: 0xC3))
    let compressed = Array(output.bytes[start..<(output.bytes.count - 9)])
    builder.key(
      64, "job",
      value: compressed + RDBBytes.little(Int64(1000)) + RDBBytes.little(Int64(-2)) + [2, 1, 97, 0xC0, 7] + [1, 1, 98])
    var sink = JobSink()
    var reader = RDBReader(MemorySource(builder.whole))
    try reader.read(into: &sink)
    var job = try #require(sink.jobs.last ?? nil)
    #expect(sink.jobs.count == 2 && sink.jobs[0] == nil)
    #expect(job.name == Array("job".utf8) && job.script == script && job.start == 1000 && job.interval == -2)
    #expect(job.keys == [[97], [55]] && job.arguments == [[98]])
    job.name = []
    #expect(job != sink.jobs[1])
  }
}
