import RDB
import RDBFormat

/// One key, or one member of one, as it is sorted: by its hash, then by its place in the file.
struct UniqueEntry: SortedEntry {
  var hash: UInt64
  /// Where the key's record begins.
  var offset: UInt64
  /// 0: the key itself; else its n-th element.
  var index: UInt64
  /// Where its bytes stand in the log of its worker; the worker's number in the upper 16 bits.
  var place: UInt64

  @inline(__always) func precedes(_ other: UniqueEntry) -> Bool {
    if hash != other.hash { return hash < other.hash }
    if offset != other.offset { return offset < other.offset }
    return index < other.index
  }

  /// File order.
  func isBefore(_ other: UniqueEntry) -> Bool {
    (offset, index) < (other.offset, other.index)
  }
}

/// Writes down every key and member that a worker sees: their bytes one behind the other, and their
/// hashes in sorted runs.
///
/// In the log a key is `database u64, byte count u64, bytes`, a member `place of its key u64, byte count
/// u64, bytes`; numbers in the machine's order, for nobody else reads it.
final class UniqueLog {
  let names: TemporaryFile
  let runs: SortedRuns<UniqueEntry>
  private var entries: UnsafeMutableBufferPointer<UniqueEntry>
  private var count = 0
  private let worker: UInt64
  private let hasher: UniqueHash
  private var keyPlace: UInt64 = 0
  private var keyOffset: UInt64 = 0
  private var keySeed: UInt64 = 0

  static let placeMask: UInt64 = 1 << 48 - 1
  static let headerByteCount = 16

  /// - Parameter folder: Where its files are; `nil`: where `TMPDIR` says.
  init(worker: Int, hasher: UniqueHash, byteCount: Int, folder: String? = nil) throws(RDBError) {
    self.worker = UInt64(worker) << 48
    self.hasher = hasher
    names = try TemporaryFile(bufferByteCount: 256 << 10, folder: folder)
    runs = SortedRuns(folder: folder)
    entries = .allocate(capacity: max(byteCount / SortedRuns<UniqueEntry>.entryByteCount, 1024))
  }

  deinit { entries.deallocate() }

  func beginKey(_ key: borrowing KeyHeader) throws(RDBError) {
    keyOffset = UInt64(key.offset)
    keyPlace = names.byteCount
    keySeed = hasher.seed(of: keyOffset)
    try write(key.database, key.name)
    try add(hasher.hash(key.name, seed: hasher.seed(ofDatabase: key.database)), index: 0, keyPlace)
  }

  func addMember(_ member: RawSpan, index: UInt64) throws(RDBError) {
    let place = names.byteCount
    try write(keyPlace, member)
    try add(hasher.hash(member, seed: keySeed), index: index, place)
  }

  /// Notes a value by its hash and length, and the key that has it.
  func addValue(_ hash: UInt64, byteCount: UInt64, keyHash: UInt64, name: RawSpan) throws(RDBError) {
    let place = names.byteCount
    try write(0, name)
    keyOffset = byteCount
    try add(hash, index: keyHash, place)
  }

  private func write(_ number: UInt64, _ bytes: RawSpan) throws(RDBError) {
    try withUnsafeBytes(of: (number, UInt64(bytes.byteCount))) { header throws(RDBError) in
      try names.append(header)
    }
    try bytes.withUnsafeBytes { bytes throws(RDBError) in try names.append(bytes) }
  }

  private func add(_ hash: UInt64, index: UInt64, _ place: UInt64) throws(RDBError) {
    if count == entries.count { try spill() }
    entries[count] = UniqueEntry(
      hash: hash, offset: keyOffset, index: index, place: worker | place & Self.placeMask)
    count += 1
  }

  /// Sorts what is in memory and writes it out as a run.
  private func spill() throws(RDBError) {
    guard count > 0 else { return }
    var run = UnsafeMutableBufferPointer(rebasing: entries[..<count])
    run.sort { $0.precedes($1) }
    try runs.append(run)
    count = 0
  }

  /// Nothing more comes: everything is in the files, and the memory for sorting is given back.
  func finish() throws(RDBError) {
    try spill()
    entries.deallocate()
    entries = UnsafeMutableBufferPointer(start: nil, count: 0)
    try runs.flush()
    try names.flush()
  }

  /// Reads an entry's number (a key's database, a member's key) and bytes.
  func name(at place: UInt64) throws(RDBError) -> (number: UInt64, bytes: [UInt8]) {
    let header = try names.bytes(at: place, count: Self.headerByteCount)
    let numbers = header.withUnsafeBytes {
      ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
    let start = place + UInt64(Self.headerByteCount)
    return (numbers.0, try names.bytes(at: start, count: Int(numbers.1)))
  }
}

/// A hash seeded at random, so that no file can be made to collide.
struct UniqueHash: Sendable {
  private let key = UInt64.random(in: .min ... .max) | 1
  private let other = UInt64.random(in: .min ... .max)

  func seed(ofDatabase database: UInt64) -> UInt64 { mix(database ^ other) }
  func seed(of keyOffset: UInt64) -> UInt64 { mix(~keyOffset ^ other) }

  func hash(_ bytes: RawSpan, seed: UInt64) -> UInt64 {
    let count = bytes.byteCount
    var state = seed ^ UInt64(count)
    var place = 0
    while count &- place >= 8 {
      state = mix(state ^ bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
      place &+= 8
    }
    var tail: UInt64 = 0
    while place < count {
      tail = tail << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self))
      place &+= 1
    }
    return mix(mix(state ^ tail) ^ other)
  }

  private func mix(_ value: UInt64) -> UInt64 {
    let product = (value ^ key).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15 ^ other | 1)
    return product.high ^ product.low &+ key
  }
}
