import RDBFormat
import RDBSupport

/// A cron job of KeyDB: a script that runs at an interval. Value type 64.
///
/// The reader announces it as an AUX field named ``auxName``, whose value is the job's name: no other server has a value
/// for it.
package struct CronJob: Hashable, Sendable {
  package var name: [UInt8] = []
  package var script: [UInt8] = []
  /// The time of the first run, in milliseconds since 1970.
  package var start: Int64 = 0
  /// The time between two runs, in milliseconds; 0: the job runs once.
  package var interval: Int64 = 0
  package var keys: [[UInt8]] = []
  package var arguments: [[UInt8]] = []

  /// The name of the AUX field that announces a job.
  package static let auxName = Array("keydb-cron-job".utf8)

  /// Reads the job that a field announces; `nil`: the field is another one.
  package init?(_ field: borrowing AuxField) {
    guard field.stored.byteCount > 0, field.stored.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == 64 else {
      return nil
    }
    var cursor = ByteCursor(field.stored.extracting(droppingFirst: 1))
    do throws(RDBError) {
      name = try cursor.ownedString()
      script = try cursor.ownedString()
      start = try cursor.littleEndian(Int64.self)
      interval = try cursor.littleEndian(Int64.self)
      for _ in 0..<(try cursor.length()) { keys.append(try cursor.ownedString()) }
      for _ in 0..<(try cursor.length()) { arguments.append(try cursor.ownedString()) }
    } catch {
      return nil
    }
  }
}

extension ByteCursor {
  /// Reads a string of any encoding into an array.
  mutating func ownedString() throws(RDBError) -> [UInt8] {
    let start = offset
    switch try stringHeader() {
    case .raw(let count): return [UInt8](try take(count))
    case .integer(let value): return Array("\(value)".utf8)
    case .lzf(let compressed, let original):
      let input = try take(compressed)
      guard original <= LZF.maximumOutputByteCount(of: compressed) else {
        throw RDBError(.corruptLZF, at: start, expected: "a possible size", found: "\(original)")
      }
      var output = [UInt8](repeating: 0, count: Int(original))
      var failure: RDBError?
      output.withUnsafeMutableBytes { bytes in
        do throws(RDBError) { try LZF.decompress(input, into: bytes) } catch { failure = error }
      }
      if let failure { throw failure }
      return output
    }
  }
}

extension AuxField {
  /// Whether the field is one of the two that store the expiry of a member of the previous key (KeyDB).
  package var isMemberExpiry: Bool {
    name.byteCount > 16 && name.extracting(first: 16).withUnsafeBytes { $0.elementsEqual("keydb-subexpire-".utf8) }
  }
}
