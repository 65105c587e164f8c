import RDB
import RDBFormat

/// The bytes that begin a record of a snapshot.
struct RecordBeginnings: Sendable {
  private var possible = [Bool](repeating: false, count: 256)
  private var types = [ValueType?](repeating: nil, count: 256)

  init(_ header: SnapshotHeader) {
    for type in ValueType.allCases {
      let row = type.row
      guard (row.vendor ?? header.vendor) == header.vendor, row.since <= header.version else { continue }
      types[Int(row.code)] = type
      possible[Int(row.code)] = true
    }
    for code in UInt8(242)...255 {
      guard let opcode = Opcode(rawValue: code) else { continue }
      possible[Int(code)] = Self.versions(of: opcode, header.vendor).contains(header.version)
    }
  }

  /// The versions whose servers write an opcode.
  private static func versions(of opcode: Opcode, _ vendor: Vendor) -> ClosedRange<Int> {
    switch opcode {
    case .eof, .selectDB: 1...999
    case .expireTime: 1...2
    case .expireTimeMS: 3...999
    case .resizeDB, .aux: 7...999
    case .frequency, .idle, .moduleAux: 9...999
    case .functionPreGA: 10...10
    case .function2: 10...999
    case .slotInfo: 12...79
    case .keyMetaOrSlotImport: vendor == .redis ? 13...79 : 80...999
    case .hashTemplateOrUpdate: 15...79
    }
  }

  func isPossible(_ first: UInt8) -> Bool { possible[Int(first)] }
  func isType(_ first: UInt8) -> Bool { types[Int(first)] != nil }
  func isOneString(_ first: UInt8) -> Bool { types[Int(first)]?.isOneString ?? false }
}

/// Tells the end of a snapshot from a byte that looks like it.
struct SnapshotEndTest {
  let bytes: SourceBytes
  let header: SnapshotHeader

  /// The number of bytes after the EOF opcode that belong to the snapshot.
  var trailerByteCount: UInt64 { header.version >= 5 ? 8 : 0 }

  /// Whether the EOF opcode at `eof` is where the end of the snapshot must be: at the end of the input, or before what can
  /// follow a snapshot.
  func isEnd(eof: UInt64) throws(RDBError) -> Bool {
    let after = eof + 1 + trailerByteCount
    guard after < bytes.byteCount else { return after == bytes.byteCount }
    guard let next = try bytes.byte(at: after) else { return true }
    switch next {
    case UInt8(ascii: "*"), UInt8(ascii: "#"):
      let start = try bytes.bytes(at: after + 1, count: 4)
      return start.starts(with: "TS:".utf8) || (48...57).contains(start.first ?? 0)
    case 0, 10, 13:
      let start = try bytes.bytes(at: after, count: 64)
      return start.allSatisfy { $0 == next || $0 == 10 }
    default: return false
    }
  }
}
