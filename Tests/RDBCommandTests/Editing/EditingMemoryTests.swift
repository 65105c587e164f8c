import TestSupport
import Testing

/// How much memory merging, splitting and salvaging need at their peak.
extension PeakMemoryTests {
  @Test(
    "of rdb merge is within 160 MiB for seven million keys, half of which have the name of another",
    .enabled(if: !isSampled))
  func merging() {
    let folder = Self.folder()
    folder.write(Crafted.manyKeys(3_500_000), as: "a.rdb")
    for threads in [1, 2] {
      let arguments = "merge a.rdb a.rdb --on-conflict last -o - -q -j \(threads)"
      guard let peak = Self.peak(of: arguments, in: folder) else { continue }
      #expect(peak <= 160 << 20, "\(arguments): \(peak >> 10) KiB")
    }
  }

  @Test(
    "of rdb split is within 64 MiB and 96 KiB per part, also with one value as large as the file",
    .enabled(if: !isSampled),
    arguments: [
      ("huge", "--size 72mb", "--shards 3", 3), ("mixed", "--size 64mb", "--shards 1000", 1000),
      ("mixed", "--size 64mb", "--by prefix --parts 500", 0), ("mixed", "--size 64mb", "--by size --size 100kb", 640),
    ])
  func splitting(_ profile: String, _ options: String, _ division: String, parts: Int) {
    let folder = Self.folder()
    let made = Tool.shell("rdb gen -o dump.rdb --profile \(profile) \(options)", in: folder)
    #expect(made.status == 0, "\(made.error)")
    for threads in [1, 2] {
      let arguments = "split dump.rdb -o parts\(threads) \(division) -q -j \(threads)"
      guard let peak = Self.peak(of: arguments, in: folder) else { continue }
      #expect(peak <= (64 << 20) + parts * (96 << 10), "\(arguments): \(peak >> 10) KiB")
    }
  }

  /// A damaged file that a salvage must not hold in memory.
  enum Hostile: CaseIterable, Sendable {
    /// Strings and collections, each of which claims a length of 2^40.
    case lengths
    /// Thousands of groups of tiny records, each group after damage of its own.
    case groups
    /// A string of 48 MiB before and after the damage.
    case largeStrings
    /// A list of a million elements, damaged inside.
    case largeList

    var bytes: [UInt8] {
      var builder = SnapshotBuilder(version: 9)
      func addKeys(_ name: String) { for number in 0..<20 { builder.string("\(name):\(number)", "value") } }
      addKeys("first")
      let damage = [UInt8](repeating: 0xF0, count: 5)
      switch self {
      case .lengths:
        for number in 0..<20_000 {
          builder.raw([[0, 1, 4, 2, 14][number % 5], 1, 97, 0x81, 0, 0, 1, 0, 0, 0, 0, 0])
        }
      case .groups:
        for number in 0..<5000 {
          builder.raw(damage)
          addKeys("\(number)")
        }
      case .largeStrings:
        let large = [UInt8](repeating: 97, count: 48 << 20)
        builder.string("large", large)
        builder.raw(damage)
        addKeys("between")
        builder.string("large again", large)
      case .largeList:
        let element = [UInt8]([9]) + "element 1".utf8
        let half = Array(repeatElement(element, count: 500_000).joined())
        builder.raw([1, 4] + "list".utf8 + [0x80, 0, 15, 66, 64] + half + damage + half)
      }
      addKeys("last")
      return builder.whole
    }
  }

  @Test("of rdb salvage is within 64 MiB for every hostile file", arguments: Hostile.allCases)
  func salvaging(_ file: Hostile) {
    let folder = Self.folder()
    folder.write(file.bytes, as: "dump.rdb")
    for threads in [1, 2] {
      let arguments = "salvage dump.rdb -o out\(threads).rdb -q -j \(threads)"
      guard let peak = Self.peak(of: arguments, status: 3, in: folder) else { continue }
      #expect(peak <= 64 << 20, "\(arguments): \(peak >> 10) KiB")
      let count = Tool.shell("rdb keys out\(threads).rdb --format %k -q | grep -cE '^(first|last):'", in: folder).text
        .prefix { $0.isNumber }
      // Keys next to damage may be left out.
      #expect(Int(count) ?? 0 >= 25, "\(count)")
    }
  }
}
