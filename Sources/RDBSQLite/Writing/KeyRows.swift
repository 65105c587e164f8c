import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// Writes a row of `keys` for each measured key.
package struct KeyRows: MemoryReceiver, ~Copyable {
  private let rows: RowInsertion
  private let slots = HashSlots()
  private var ledger = Ledger()

  init(_ rows: RowInsertion) { self.rows = rows }

  package mutating func receive(_ key: borrowing MeasuredKey) throws(RDBError) {
    ledger.keysRead += 1
    ledger.keysWritten += 1
    if key.database > UInt64(Int64.max) {
      ledger.lose(.key, "SQLite holds no database number above 2^63 − 1", key: [UInt8](key.name), offset: key.offset)
    }
    rows.integer(ledger.keysWritten)
    rows.integer(key.database)
    rows.bytesAndText(key.name)
    rows.text(key.type.word)
    if let encoding = key.encoding { rows.text(encoding.name) } else { rows.null() }
    rows.integer(key.memoryByteCount)
    rows.integer(key.serializedByteCount)
    rows.integer(key.elementCount)
    if key.type == .string || key.type == .module { rows.null() } else { rows.bytes(key.largestElement) }
    rows.integer(key.largestElementByteCount)
    rows.integer(key.expiry?.value)
    rows.integer(key.idleSeconds)
    rows.integer(key.frequency.map { UInt64($0) })
    rows.integer(Int64(slots.slot(of: key.name)))
    rows.integer(Int64(key.offset))
    do { try rows.write() } catch { throw RDBError.transfer("write", error, at: key.offset) }
  }

  package consuming func finish() throws(RDBError) -> Ledger { ledger }
}
