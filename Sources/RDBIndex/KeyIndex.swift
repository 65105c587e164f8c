public import RDB
import RDBFormat

/// An index of one dump: a file that gives the offset of a key's record, so that the key can be read without the
/// records before it.
///
///     let dump = try FileSource(path: "dump.rdb")
///     let index = try KeyIndex(path: "dump.rdb.idx", of: dump)
///     for location in try index.locations(of: name) {
///       var reader = try RDBReader(dump, at: location)
///       …
///     }
///
/// An index takes 14.1 bytes per key. All numbers in the file are little-endian. A header of 128 bytes precedes
/// blocks of 4096 bytes, of which the last may be shorter:
///
///     header   "rdbindex", format version (u32), 0 (u32), number of keys (u64), size of the dump in bytes (u64),
///              modification time of the dump: seconds (i64), nanoseconds (u32), kind of its fingerprint
///              (u32; 0: the stored checksum, 1: a sample), checksum (u64), offset after the checksum (u64), zeros,
///              CRC64 of the 120 bytes before (u64)
///     block    CRC64 of the rest of the block (u64), number of the block (u64), up to 291 entries of 14 bytes
///
/// An entry holds the hash of a key's name, its database and its offset. Entries are sorted.
public struct KeyIndex {
  /// A reason for not using an index. Each carries a sentence fragment about the index, such as
  /// "it has 12 bytes instead of 128".
  public enum Refusal: Error, Hashable, Sendable {
    /// The file is not an index, or has an unknown format version.
    case foreign(String)
    /// The index belongs to another dump, or the dump has changed since.
    case stale(String)
    /// The index is cut or its bytes have changed.
    case damaged(String)
    /// The operating system could not read the index or the dump.
    case unreadable(String)
  }

  /// The number of keys in the dump.
  public let count: UInt64
  let file: FileSource
  let blockCount: Int

  /// Opens the index of a dump.
  ///
  /// - Parameters:
  ///   - path: The path of the index.
  ///   - dump: The dump, a regular file.
  /// - Throws: ``Refusal``.
  public init(path: String, of dump: FileSource) throws(Refusal) {
    do { file = try FileSource(path: path) } catch { throw Self.refusal(RDBError.transfer("open", error, at: 0)) }
    let header: [UInt8]
    do throws(RDBError) { header = try file.bytes(at: 0, count: IndexHeader.byteCount) } catch {
      throw Self.refusal(error)
    }
    guard header.starts(with: IndexHeader.magic) else { throw .foreign("it does not begin as an index of rdb does") }
    guard header.count == IndexHeader.byteCount else { throw .damaged("its header is cut") }
    let fields = IndexHeader(header)
    guard fields.isIntact else { throw .damaged("the checksum of its header is wrong") }
    guard fields.formatVersion == IndexHeader.formatVersion else {
      throw .foreign("its format version is \(fields.formatVersion); this program knows \(IndexHeader.formatVersion)")
    }
    count = fields.count
    guard count < IndexEntry.offsetLimit else { throw .damaged("its header claims \(count) keys") }
    let blocks = (count + UInt64(IndexBlock.entryLimit) - 1) / UInt64(IndexBlock.entryLimit)
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

  /// Returns the size of the index of `count` keys, in bytes.
  static func byteCount(of count: UInt64) -> UInt64 {
    let (full, rest) = count.quotientAndRemainder(dividingBy: UInt64(IndexBlock.entryLimit))
    let last = rest == 0 ? 0 : UInt64(IndexBlock.byteCount(of: Int(rest)))
    return UInt64(IndexHeader.byteCount) + full * UInt64(IndexBlock.byteCount) + last
  }

  private static func compare(_ old: DumpIdentity, _ new: DumpIdentity) throws(Refusal) {
    if old.byteCount != new.byteCount {
      throw .stale("it was made for a dump of \(old.byteCount) bytes, this one has \(new.byteCount)")
    }
    if old.content != new.content { throw .stale("it was made for a dump with another content") }
    if !new.hasModificationTime(of: old) { throw .stale("the dump was modified after it was made") }
  }

  static func refusal(_ error: RDBError) -> Refusal {
    .unreadable(error.code == .io && error.systemError != nil ? error.found : "\(error)")
  }
}
