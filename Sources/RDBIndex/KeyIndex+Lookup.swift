import RDB
import RDBFormat

extension KeyIndex {
  /// Returns the database and the file offset of the record of all keys that may have a name, in this order.
  ///
  /// The names of the keys have the same 48-bit hash as `name`. Compare each key's name when reading it.
  ///
  /// - Throws: ``Refusal``, if the index is damaged or cannot be read.
  /// - Complexity: O(log log *n*) blocks read for *n* keys with evenly distributed hashes, at worst O(log *n*).
  public func locations(of name: RawSpan) throws(Refusal) -> [(database: UInt64, offset: UInt64)] {
    try keyLocations(of: name).map { ($0.database, $0.offset) }
  }

  /// The same as ``locations(of:)``.
  package func keyLocations(of name: RawSpan) throws(Refusal) -> [KeyLocation] {
    let hash = IndexEntry.hash(name)
    var locations: [KeyLocation] = []
    var number = try firstBlock(for: hash)
    while number < blockCount {
      let block = try entries(ofBlock: number)
      for entry in block where entry.hash == hash {
        locations.append(KeyLocation(database: entry.database, offset: entry.offset))
      }
      if let last = block.last, last.hash > hash { break }
      number += 1
    }
    return locations
  }

  /// Returns the number of the first block whose last hash is not below `hash`.
  private func firstBlock(for hash: UInt64) throws(Refusal) -> Int {
    var (low, high) = (0, blockCount)
    var (lowHash, highHash) = (UInt64(0), UInt64(1) << 48)
    var interpolates = true
    while low < high {
      var middle = (low + high) / 2
      if interpolates, highHash > lowHash {
        let share = Double(hash - lowHash) / Double(highHash - lowHash)
        middle = min(low + Int(share * Double(high - low)), high - 1)
      }
      // Interpolation alternates with halving, so that no distribution of hashes makes the search slow.
      interpolates.toggle()
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
    let first = UInt64(number) * UInt64(IndexBlock.entryLimit)
    let count = Int(min(UInt64(IndexBlock.entryLimit), self.count - first))
    let byteCount = IndexBlock.headerByteCount + count * IndexEntry.byteCount
    let offset = UInt64(IndexHeader.byteCount) + UInt64(number) * UInt64(IndexBlock.byteCount)
    let block: [UInt8]
    do throws(RDBError) { block = try file.bytes(at: offset, count: byteCount) } catch { throw Self.refusal(error) }
    guard block.count == byteCount, IndexBlock.isIntact(block, number: UInt64(number)) else {
      throw .damaged("block \(number) does not match its checksum")
    }
    var entries: [IndexEntry] = []
    entries.reserveCapacity(count)
    for index in 0..<count {
      entries.append(IndexEntry(block.span.bytes, at: IndexBlock.headerByteCount + index * IndexEntry.byteCount))
    }
    return entries
  }
}
