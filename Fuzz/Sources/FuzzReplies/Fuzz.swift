import FuzzSupport
import RESP
import RedisTransfer

/// What a server sends: its replies, and the reply to PSYNC with the snapshot after it. The input is read whole and in
/// pieces, which must give the same.
///
/// The first byte chooses what is read, the second seeds the sizes of the pieces; the rest is what the server sends.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 2 else { return 0 }
  let input = bytes(start, count)
  let text = Array(input.dropFirst(2))
  var pieces = Pieces(seed: input[1])
  switch input[0] & 3 {
  case 0, 1:
    let whole = replies(text) { $0 }
    let cut = replies(text) { pieces.next($0) }
    precondition(whole.values == cut.values && whole.error == cut.error && whole.offset == cut.offset)
  case 2:
    let whole = transfer(text) { $0 }
    let cut = transfer(text) { pieces.next($0) }
    // The payload before an error depends on the pieces.
    if whole.error != nil {
      precondition(whole.error == cut.error)
    } else {
      precondition(whole == cut)
    }
  default:
    let whole = handshake(text) { $0 }
    let cut = handshake(text) { pieces.next($0) }
    precondition(whole == cut)
  }
  return 0
}

/// Sizes of pieces, from 1 byte up to what remains.
private struct Pieces {
  private var state: UInt64

  init(seed: UInt8) { state = UInt64(seed) &+ 1 }

  mutating func next(_ rest: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let limit = [1, 2, 5, 50, 5000][Int(state >> 33) % 5]
    return min(rest, 1 + Int(state >> 40) % limit)
  }
}

private func replies(
  _ text: [UInt8], _ next: (Int) -> Int
) -> (values: [RESPValue], error: RESPError?, offset: UInt64) {
  var limits = RESPLimits()
  limits.elementCount = 10_000
  var decoder = RESPDecoder(limits: limits)
  var values: [RESPValue] = []
  var index = 0
  do throws(RESPError) {
    while index < text.count {
      let end = index + next(text.count - index)
      decoder.feed(text[index..<end])
      index = end
      while let value = try decoder.next() { values.append(value) }
    }
  } catch {
    precondition(error.offset <= UInt64(text.count))
    return (values, error, 0)
  }
  precondition(decoder.offset <= UInt64(text.count))
  return (values, nil, decoder.offset)
}

private struct Transfer: Equatable {
  var payload: [UInt8] = []
  var rest: [UInt8] = []
  var isComplete = false
  var error: SyncFramingError?
}

private func transfer(_ text: [UInt8], _ next: (Int) -> Int) -> Transfer {
  var framing = SyncFraming()
  var result = Transfer()
  var index = 0
  do throws(SyncFramingError) {
    while index < text.count {
      let end = index + next(text.count - index)
      let chunk = Array(text[index..<end])
      let part = try framing.receive(chunk.span.bytes)
      precondition(part.heldBytes.count < 40 && part.range.upperBound <= part.consumedByteCount)
      result.payload += part.heldBytes + chunk[part.range]
      result.rest += chunk[part.consumedByteCount...]
      index = end
    }
    result.isComplete = framing.isComplete
    precondition(framing.payloadByteCount == UInt64(result.payload.count))
    precondition(framing.offset + UInt64(result.rest.count) == UInt64(text.count))
    try framing.finish()
    precondition(framing.totalByteCount == framing.payloadByteCount)
  } catch {
    precondition(error.offset <= UInt64(text.count))
    if error.kind == .truncated {
      // The payload so far must not depend on the pieces.
      return result
    }
    result.error = error
  }
  return result
}

private func handshake(_ text: [UInt8], _ next: (Int) -> Int) -> [String] {
  var handshake = SyncHandshake(.resuming(ReplicationPosition(identifier: Array(repeating: 97, count: 40), offset: 5)))
  var steps: [String] = []
  var index = 0
  // The end of the piece that has arrived.
  var end = 0
  do throws(SyncHandshake.Failure) {
    while handshake.outcome == nil {
      if let command = handshake.takeCommand() { steps.append("\(command)") }
      if index == end {
        if end == text.count { break }
        end += next(text.count - end)
      }
      index += try handshake.receive(text.span.bytes.extracting(index..<end))
    }
  } catch {
    return steps + ["\(error)"]
  }
  return steps + ["\(index)", "\(String(describing: handshake.outcome))"]
}
