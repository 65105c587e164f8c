public import RDBFormat
public import RDBSupport

/// Where finished output goes: a file, a pipe, memory, or a place in a row of workers.
public protocol ByteDestination: AnyObject {
  /// Writes `first`, then `second`, whole. Either may be empty.
  func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) throws(RDBError)
}

/// Output written by one sink: one raw buffer, copied into once, written out when full.
///
/// Strings from ``directThreshold`` bytes on are not copied: they go from the caller's bytes to the
/// destination in the same call, behind what the buffer holds (`writev`). Positions of a `joint`
/// let runs of keys be written by several workers and still come out as if one had written all.
public struct ByteOutput: ~Copyable {
  /// Strings of at least this many bytes are written without being copied.
  ///
  /// Measured: below 4 KiB the copy wins on files and pipes, above it `writev` does.
  @inlinable public static var directThreshold: Int { 4096 }

  @usableFromInline var base: UnsafeMutableRawPointer
  /// How far the buffer is filled before it is written out, at most as much as was allocated.
  @usableFromInline var capacity: Int
  private let initialCapacity: Int
  private var allocated: Int
  @usableFromInline var count = 0
  @usableFromInline var flushedByteCount: UInt64 = 0
  @usableFromInline let destination: any ByteDestination
  /// What the output is at: see ``join(_:)``. ``unjoined`` at the start of a run.
  public internal(set) var joined: UInt64 = ByteOutput.unjoined
  @usableFromInline let joint: Joint
  /// How many joints that are not empty were written: see ``join(_:)``.
  public private(set) var jointCount: UInt64 = 0
  /// The first joint of a run whose predecessor is not finished yet.
  private var openJoint: (position: Int, next: UInt64)?
  /// Where the open gap begins in the buffer; −1: there is none. See ``openGap(byteCount:)``.
  @usableFromInline var gapStart = -1
  @usableFromInline var gapByteCount = 0

  /// What must stand between a place in state `previous` (`nil`: the very beginning) and one in `next`.
  ///
  /// May refuse the step by throwing; of several workers' errors, that of the first in file order counts.
  public typealias Joint =
    @Sendable (_ previous: UInt64?, _ next: UInt64) throws(RDBError) -> [UInt8]

  /// A count of the sink's own, over this run: keys, objects. See ``total()``.
  public var tally: UInt64 = 0

  /// No joint yet in this run.
  @inlinable public static var unjoined: UInt64 { .max }

  /// - Parameters:
  ///   - destination: Where full buffers go.
  ///   - capacity: Bytes of the buffer; at least 64 KiB.
  ///   - joint: Called by ``join(_:)``.
  public init(
    to destination: any ByteDestination, capacity: Int = 512 << 10,
    joint: @escaping Joint = { _, _ throws(RDBError) in [] }
  ) {
    self.destination = destination
    self.joint = joint
    initialCapacity = max(capacity, 64 << 10)
    allocated = initialCapacity
    self.capacity = initialCapacity
    base = malloc(allocated)
  }

  @inlinable deinit { free(base) }

  /// All bytes appended so far.
  @inlinable public var byteCount: UInt64 { flushedByteCount + UInt64(count) }

  /// Makes room for `byteCount` bytes, so that the `unchecked` calls may follow.
  ///
  /// At most 64 KiB; or, if the buffer was made larger, that many together with what stands behind an
  /// open gap.
  @inlinable public mutating func reserve(_ byteCount: Int) throws(RDBError) {
    if capacity &- count < byteCount { try makeRoom(byteCount) }
  }

  @usableFromInline mutating func makeRoom(_ byteCount: Int) throws(RDBError) {
    while growWhileWaiting() {
      if capacity &- count >= byteCount { return }
    }
    try flush()
    precondition(capacity - count >= byteCount, "more than the buffer holds behind an open gap")
  }

  /// The largest buffer of a worker that is not in front. Bytes.
  private static var waitingCapacity: Int { 6 << 20 }

  /// Strings up to this length are copied by a worker that is not in front. Bytes.
  private static var copiedWhileWaiting: Int { 256 << 10 }

  /// In a row of workers, whoever is not in front goes on into a larger buffer rather than wait.
  ///
  /// - Returns: Whether there is more room now.
  private mutating func growWhileWaiting() -> Bool {
    guard capacity < Self.waitingCapacity, let place = destination as? RunPlace, !place.isInFront
    else { return false }
    capacity = min(capacity * 2, Self.waitingCapacity)
    if capacity > allocated {
      let moved = realloc(base, capacity)
      precondition(moved != nil, "out of memory")
      base = moved!
      allocated = capacity
    }
    return true
  }

  // MARK: Gaps

  /// Leaves `byteCount` bytes open, to be written when what follows is known: ``closeGap(byteCount:)``.
  ///
  /// Until then nothing from the gap on is written out; what is appended must be copied (strings below
  /// ``directThreshold``, or ``appendCopied(_:)``) and fit into the buffer together with 64 KiB. One gap
  /// at a time.
  ///
  /// - Parameter byteCount: A guess; a wrong one costs moving what follows.
  @inlinable public mutating func openGap(byteCount: Int) throws(RDBError) {
    precondition(gapStart < 0)
    try reserve(byteCount)
    gapStart = count
    gapByteCount = byteCount
    count &+= byteCount
  }

  /// Gives the open gap its final size, and returns where its bytes go: all of them, at once.
  @inlinable public mutating func closeGap(byteCount: Int) throws(RDBError) -> UnsafeMutableRawPointer {
    precondition(gapStart >= 0)
    if byteCount != gapByteCount { try moveGapEnd(byteCount) }
    let place = base + gapStart
    gapStart = -1
    return place
  }

  @usableFromInline mutating func moveGapEnd(_ byteCount: Int) throws(RDBError) {
    if byteCount > gapByteCount { try reserve(byteCount - gapByteCount) }
    let end = gapStart + gapByteCount
    (base + gapStart + byteCount).copyMemory(from: base + end, byteCount: count - end)
    count += byteCount - gapByteCount
  }

  /// Takes back the open gap and all that was appended behind it.
  @inlinable public mutating func discardGap() {
    precondition(gapStart >= 0)
    count = gapStart
    gapStart = -1
  }

  @inlinable public var hasOpenGap: Bool { gapStart >= 0 }

  /// Bytes appended behind the open gap; 0: there is none.
  @inlinable public var byteCountBehindGap: Int {
    gapStart < 0 ? 0 : count &- gapStart &- gapByteCount
  }

  /// Appends bytes by copying them, whatever their length; they must fit into the buffer.
  @inlinable public mutating func appendCopied(_ bytes: RawSpan) throws(RDBError) {
    try reserve(bytes.byteCount)
    appendUnchecked(bytes)
  }

  /// Appends one byte. Room must have been reserved.
  @inlinable public mutating func appendUnchecked(_ byte: UInt8) {
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  /// Appends at most ``directThreshold`` bytes. Room must have been reserved.
  @inlinable public mutating func appendUnchecked(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress {
        (base + count).copyMemory(from: start, byteCount: source.count)
      }
    }
    count += bytes.byteCount
  }

  /// Appends text known at compile time, up to 64 KiB. Room must have been reserved.
  @inlinable @inline(__always) public mutating func appendUnchecked(_ text: StaticString) {
    (base + count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
  }

  /// The unused rest of the buffer, to be filled directly; then call ``advance(by:)``.
  ///
  /// Valid until the next call of anything else.
  @inlinable public var spare: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + count, count: capacity - count)
  }

  /// Counts `byteCount` bytes written into ``spare`` as appended.
  @inlinable public mutating func advance(by byteCount: Int) {
    precondition(byteCount >= 0 && byteCount <= capacity - count)
    count += byteCount
  }

  /// As ``advance(by:)``, where the caller knows that there was room.
  @inlinable @inline(__always) public mutating func advance(uncheckedBy byteCount: Int) {
    assert(byteCount >= 0 && byteCount <= capacity - count)
    count &+= byteCount
  }

  @inlinable @inline(__always) public mutating func append(_ byte: UInt8) throws(RDBError) {
    if count == capacity { try makeRoom(1) }
    appendUnchecked(byte)
  }

  @inlinable @inline(__always) public mutating func append(_ text: StaticString) throws(RDBError) {
    try reserve(text.utf8CodeUnitCount)
    appendUnchecked(text)
  }

  /// Appends bytes of any length: copied if short, else written out at once without a copy.
  @inlinable public mutating func append(_ bytes: RawSpan) throws(RDBError) {
    if bytes.byteCount < ByteOutput.directThreshold {
      try reserve(bytes.byteCount)
      appendUnchecked(bytes)
    } else {
      try appendLarge(bytes)
    }
  }

  /// Appends text made at run time; allocates. Literals are for ``append(_:)`` of a `StaticString`.
  public mutating func append(text: String) throws(RDBError) {
    let bytes = Array(text.utf8)
    try append(bytes.span.bytes)
  }

  /// Writes what the joint function says must stand between the output's last state and `state`.
  ///
  /// The state is the sink's: RESP counts databases (the joint is SELECT), JSON says that something
  /// was written (the joint is a comma). Within a run the previous state is known. The first joint of
  /// a run is left open and filled in when the runs before are written, so that any number of workers
  /// gives the same bytes. `state` must not be ``unjoined``.
  public mutating func join(_ state: UInt64) throws(RDBError) {
    if joined != ByteOutput.unjoined {
      let between = try joint(joined, state)
      joined = state
      if !between.isEmpty { jointCount += 1 }
      try append(between.span.bytes)
    } else {
      joined = state
      openJoint = (count, state)
      if let place = destination as? RunPlace {
        place.openJoint = (joint, state)
      } else {
        try flush()
      }
    }
  }

  /// Writes out what the buffer holds. In a row of workers: waits for the runs before first.
  ///
  /// What stands behind an open gap stays, at the front of the buffer.
  public mutating func flush() throws(RDBError) {
    guard gapStart >= 0 else {
      return try write(out: UnsafeRawBufferPointer(start: nil, count: 0))
    }
    let start = gapStart
    let kept = count - start
    count = start
    try write(out: UnsafeRawBufferPointer(start: nil, count: 0))
    base.copyMemory(from: base + start, byteCount: kept)
    gapStart = 0
    count = kept
  }

  /// The sum of ``tally`` over all runs up to here. In a row of workers: waits for the runs before.
  public mutating func total() throws(RDBError) -> UInt64 {
    try tally + ((destination as? RunPlace)?.previousTally() ?? 0)
  }

  /// Ends a run: everything is written, and the next run learns this one's last state.
  public mutating func endRun() throws(RDBError) {
    try flush()
    guard let place = destination as? RunPlace else { return }
    try place.end(joined: joined == ByteOutput.unjoined ? nil : joined, tally: tally)
    joined = ByteOutput.unjoined
    tally = 0
  }

  @usableFromInline
  mutating func appendLarge(_ bytes: RawSpan) throws(RDBError) {
    precondition(gapStart < 0, "a long string behind an open gap")
    if bytes.byteCount <= Self.copiedWhileWaiting, let place = destination as? RunPlace,
      !place.isInFront
    {
      // A copy costs less than waiting for one's turn.
      return try appendCopied(bytes)
    }
    var failure: RDBError?
    bytes.withUnsafeBytes { source in
      do throws(RDBError) { try write(out: source) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Writes the buffer, with its open joint filled in, and then `large`.
  private mutating func write(out large: UnsafeRawBufferPointer) throws(RDBError) {
    var start = 0
    let held = count
    if let (position, next) = openJoint {
      let place = destination as? RunPlace
      let previous = try place?.previousJoined() ?? nil
      let between = try joint(previous, next)
      openJoint = nil
      place?.openJoint = nil
      if !between.isEmpty { jointCount += 1 }
      flushedByteCount += UInt64(between.count)
      start = position
      var failure: RDBError?
      between.withUnsafeBytes { joint in
        do throws(RDBError) {
          try destination.write(UnsafeRawBufferPointer(start: base, count: position), joint)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
    count = 0
    capacity = initialCapacity
    flushedByteCount += UInt64(held + large.count)
    guard held - start + large.count > 0 else { return }
    try destination.write(
      UnsafeRawBufferPointer(start: base + start, count: held - start), large)
  }
}

/// A file or pipe by its descriptor, as a destination.
public final class FileDestination: ByteDestination {
  public let descriptor: Int32
  /// Bytes written so far.
  public private(set) var byteCount: UInt64 = 0

  public init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  public func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer)
    throws(RDBError)
  {
    var first = first
    var second = second
    while first.count + second.count > 0 {
      var pieces = (
        iovec(
          iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
        iovec(
          iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress),
          iov_len: min(second.count, 1 << 30))
      )
      let written = withUnsafePointer(to: &pieces) {
        $0.withMemoryRebound(to: iovec.self, capacity: 2) { writev(descriptor, $0, 2) }
      }
      if written < 0 {
        if errno == EINTR { continue }
        if errno == EAGAIN || errno == EWOULDBLOCK {
          var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&waiting, 1, -1)
          continue
        }
        throw .system("write", offset: Int(byteCount))
      }
      byteCount += UInt64(written)
      let fromFirst = min(written, first.count)
      first = UnsafeRawBufferPointer(rebasing: first[fromFirst...])
      second = UnsafeRawBufferPointer(rebasing: second[(written - fromFirst)...])
    }
  }
}

/// Memory as a destination, for tests and small outputs.
public final class MemoryDestination: ByteDestination {
  public private(set) var bytes: [UInt8] = []
  public init() {}
  public func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer)
    throws(RDBError)
  {
    bytes.append(contentsOf: first)
    bytes.append(contentsOf: second)
  }
}
