public import RDB
import RDBFormat

/// Where the keys of one dump stand: a file that is searched, not read.
///
/// The form, numbers little-endian: a header of 128 bytes, then blocks of 4096, the last one shorter.
///
///     header   "rdbindex", form (u32), 0 (u32), keys (u64), the dump's byte count (u64), when it was
///              modified: seconds (i64), nanoseconds (u32), kind of content (u32; 0: stored checksum, 1: sample),
///              checksum (u64), where that ends (u64), zeros, CRC64 of the 120 bytes before (u64)
///     block    CRC64 of the rest (u64), number of the block (u64), up to 291 entries of 14 bytes
///
/// An entry is the hash of a key's name, its database and its offset, see `IndexEntry`; entries are sorted.
/// So a key takes 14.1 bytes, and looking one up reads two or three blocks.
public struct KeyIndex {
  static let magic = Array("rdbindex".utf8)
  static let form: UInt32 = 1
  static let headerByteCount = 128
  static let blockByteCount = 4096
  static let blockHeaderByteCount = 16
  static let entriesPerBlock = (blockByteCount - blockHeaderByteCount) / IndexEntry.byteCount

  /// Why an index is not used.
  public enum Refusal: Error, Hashable, Sendable {
    /// It is no index, or of a form that is not known.
    case foreign(String)
    /// It was made for another dump, or before this one was written anew.
    case stale(String)
    /// It ends too early, or was changed.
    case damaged(String)
    /// The operating system would not read it.
    case unreadable(String)
  }

  /// Keys in the dump.
  public let count: UInt64
  private let file: FileSource
  private let blockCount: Int

  /// Opens the index of a dump.
  ///
  /// - Parameter dump: The dump, which the index must have been made for.
  /// - Throws: ``Refusal``.
  public init(path: String, of dump: FileSource) throws(Refusal) {
    do { file = try FileSource(path: path) } catch { throw Self.refusal(RDBError.transfer("open", error, at: 0)) }
    let header = try Self.bytes(Self.headerByteCount, at: 0, of: file)
    guard header.starts(with: Self.magic) else { throw .foreign("it does not begin as an index of rdb does") }
    guard header.count == Self.headerByteCount else { throw .damaged("its header is cut") }
    let fields = IndexHeader(header)
    guard fields.isWhole else { throw .damaged("the checksum of its header is wrong") }
    guard fields.form == Self.form else { throw .foreign("its form is \(fields.form), known is \(Self.form)") }
    count = fields.count
    guard count < IndexEntry.offsetLimit else { throw .damaged("it counts \(count) keys") }
    let blocks = (count + UInt64(Self.entriesPerBlock) - 1) / UInt64(Self.entriesPerBlock)
    blockCount = Int(clamping: blocks)
    let expected = Self.byteCount(of: count)
    guard file.totalByteCount == expected else {
      throw .damaged("it has \(file.totalByteCount ?? 0) bytes instead of \(expected)")
    }
    let now: DumpIdentity
    do throws(RDBError) { now = try DumpIdentity(of: dump, like: fields.identity.content) } catch {
      throw Self.refusal(error)
    }
    try Self.compare(fields.identity, now)
  }

  /// Bytes of the index of so many keys.
  static func byteCount(of count: UInt64) -> UInt64 {
    let (whole, rest) = count.quotientAndRemainder(dividingBy: UInt64(entriesPerBlock))
    let last = rest == 0 ? 0 : UInt64(blockHeaderByteCount) + rest * UInt64(IndexEntry.byteCount)
    return UInt64(headerByteCount) + whole * UInt64(blockByteCount) + last
  }

  private static func compare(_ old: DumpIdentity, _ new: DumpIdentity) throws(Refusal) {
    if old.byteCount != new.byteCount {
      throw .stale("it was made for a dump of \(old.byteCount) bytes, this one has \(new.byteCount)")
    }
    if old.content != new.content { throw .stale("it was made for a dump with another content") }
    if old.modified != new.modified { throw .stale("the dump was modified after it was made") }
  }

  private static func refusal(_ error: RDBError) -> Refusal {
    .unreadable(error.code == .io && error.systemError != nil ? error.found : "\(error)")
  }

  // MARK: Looking up

  /// Where keys of this name may stand: in any database, in the order of database and offset.
  ///
  /// Their hashes are the same; whether their names are, says only the dump.
  ///
  /// - Throws: ``Refusal`` if a block is damaged.
  /// - Complexity: O(log(log keys)) blocks read if hashes are spread evenly, at worst O(log keys).
  public func places(of name: RawSpan) throws(Refusal) -> [KeyPlace] {
    let hash = IndexEntry.hash(name)
    var places: [KeyPlace] = []
    var number = try firstBlock(for: hash)
    while number < blockCount {
      let block = try entries(ofBlock: number)
      for entry in block where entry.hash == hash {
        places.append(KeyPlace(database: entry.database, offset: entry.offset))
      }
      if let last = block.last, last.hash > hash { break }
      number += 1
    }
    return places
  }

  /// The first block whose last hash is not below `hash`.
  private func firstBlock(for hash: UInt64) throws(Refusal) -> Int {
    var (low, high) = (0, blockCount)
    var (lowHash, highHash) = (UInt64(0), UInt64(1) << 48)
    var guesses = true
    while low < high {
      var middle = (low + high) / 2
      if guesses, highHash > lowHash {
        let share = Double(hash - lowHash) / Double(highHash - lowHash)
        middle = min(low + Int(share * Double(high - low)), high - 1)
      }
      // Guesses and halves in turn: no distribution makes this slow.
      guesses.toggle()
      let block = try entries(ofBlock: middle)
      guard let first = block.first, let last = block.last else { throw .damaged("a block is empty") }
      if last.hash < hash {
        (low, lowHash) = (middle + 1, last.hash)
      } else {
        (high, highHash) = (middle, first.hash)
        if first.hash < hash { return middle }
      }
    }
    return low
  }

  private func entries(ofBlock number: Int) throws(Refusal) -> [IndexEntry] {
    let first = UInt64(number) * UInt64(Self.entriesPerBlock)
    let count = Int(min(UInt64(Self.entriesPerBlock), self.count - first))
    let byteCount = Self.blockHeaderByteCount + count * IndexEntry.byteCount
    let place = UInt64(Self.headerByteCount) + UInt64(number) * UInt64(Self.blockByteCount)
    let block = try Self.bytes(byteCount, at: place, of: file)
    guard block.count == byteCount, IndexBlock.isWhole(block, number: UInt64(number)) else {
      throw .damaged("block \(number) is not as it was written")
    }
    return block.withUnsafeBytes { bytes in
      (0..<count).map {
        IndexEntry(bytes.baseAddress! + Self.blockHeaderByteCount + $0 * IndexEntry.byteCount)
      }
    }
  }

  /// As many of `count` bytes as there are.
  private static func bytes(_ count: Int, at offset: UInt64, of file: FileSource) throws(Refusal) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    var failure: Refusal?
    bytes.withUnsafeMutableBytes { bytes in
      do throws(RDBError) {
        while done < count {
          let got = try file.read(
            at: offset + UInt64(done), into: UnsafeMutableRawBufferPointer(rebasing: bytes[done...]))
          if got == 0 { return }
          done += got
        }
      } catch {
        failure = refusal(error)
      }
    }
    if let failure { throw failure }
    return Array(bytes.prefix(done))
  }
}
