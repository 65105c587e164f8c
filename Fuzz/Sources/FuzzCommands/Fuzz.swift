import FuzzSupport
import RDB
import RDBFormat
import RDBReplay

/// A file of commands, read whole and in pieces, and replayed.
///
/// The first byte has the options, the second is the size of the pieces; the rest is the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 2 else { return 0 }
  let input = bytes(start, count)
  let file = Array(input.dropFirst(2))
  var options = LogOptions()
  options.allowsTruncated = input[0] & 1 != 0
  options.memoryLimit = 1 << 20
  if input[0] & 2 != 0 { options.stop = .offset(UInt64(input[1]), file: nil) }
  let whole = digest(MemorySource(file), options, file.count)
  let pieces = MemorySource(file, readLimit: 1 + Int(input[1]), canSeek: input[0] & 4 != 0)
  precondition(digest(pieces, options, file.count) == whole)

  var replayOptions = ReplayOptions(server: ServerVersion(.redis, 8, 2, 3), now: UnixMilliseconds(1_700_000_000_000))
  replayOptions.memoryLimit = 1 << 20
  replayOptions.skipsUnknown = true
  let source = ReplaySource(replayOptions) { CommandLog(MemorySource(file), options) }
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
  defer { buffer.deallocate() }
  do {
    while try source.read(into: buffer) > 0 {}
  } catch {
    precondition(error is RDBError)
  }
  return 0
}

/// The items of a log and the error that ends it, as numbers that depend on all of them.
private func digest(_ source: any ByteSource, _ options: LogOptions, _ count: Int) -> [UInt64] {
  var digest: [UInt64] = [14_695_981_039_346_656_037]
  func add(_ bytes: [UInt8]) {
    digest[0] = bytes.reduce(digest[0]) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 } ^ UInt64(bytes.count)
  }
  let log = CommandLog(source, options)
  do {
    while let item = try log.next() {
      switch item {
      case .command(let command), .failure(let command, _), .beginTransaction(let command),
        .endTransaction(let command):
        precondition(command.offset < UInt64(count))
        digest.append(command.offset)
        command.arguments.forEach { add($0) }
      case .time(let time): digest.append(UInt64(bitPattern: time.value))
      case .beginPart, .base: digest.append(1)
      }
    }
  } catch {
    // What is read of a damaged snapshot before the error depends on the pieces.
    guard let error = error as? RDBError else { preconditionFailure("\(error)") }
    precondition(error.offset >= 0 && error.offset <= count)
    add(Array(error.code.description.utf8))
  }
  return digest
}
