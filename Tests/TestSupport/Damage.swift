import Foundation

/// One row of `Fixtures/damaged/MANIFEST.jsonl`: a damaged file.
public struct Damage: Sendable, CustomStringConvertible {
  /// The state of the file's CRC64.
  public enum Checksum: String, Sendable {
    case right, stale, cut, zero
    case none = "n/a"
  }

  public let fixture: Fixture
  /// `truncated`, `bitflip-crc-right`, `lzf-garbage` …
  public let kind: String
  public let detail: String
  public let checksum: Checksum
  /// The file offset of the damage, or `nil` if it has none.
  public let offset: Int?
  /// The number of key records, without opcodes, that end before the damage.
  public let wholeRecords: Int?
  /// The file that this was made from, as a path below `Fixtures/`.
  public let base: String
  /// Whether the server that wrote the base loads this file.
  public let serverLoads: Bool
  /// The number of keys of the server after loading.
  public let serverKeys: Int?

  public var description: String { "\(fixture.name): \(detail)" }

  /// Every damaged dump, without append-only files.
  public static let dumps: [Damage] = {
    let text = String(decoding: readFile(Fixture.root + "/damaged/MANIFEST.jsonl"), as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      guard let row = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        let file = row["file"] as? String
      else { fatalError("MANIFEST.jsonl: \(line)") }
      guard file.hasSuffix(".rdb") else { return nil }
      guard let damage = Damage(file, row) else { fatalError("MANIFEST.jsonl: \(line)") }
      return damage
    }
  }()

  private init?(_ file: String, _ row: [String: Any]) {
    guard let kind = row["kind"] as? String, let detail = row["detail"] as? String, let base = row["base"] as? String,
      let checksum = (row["checksum"] as? String).flatMap(Checksum.init(rawValue:)),
      let serverLoads = row["server_loads"] as? Bool
    else { return nil }
    fixture = .named("damaged/\(file.dropLast(".rdb".count))")
    (self.kind, self.detail, self.base, self.checksum) = (kind, detail, base, checksum)
    offset = row["damage_at"] as? Int
    wholeRecords = row["whole_records_before_damage"] as? Int
    self.serverLoads = serverLoads
    serverKeys = row["server_keys"] as? Int
  }
}
