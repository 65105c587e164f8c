import RDB
import RDBFormat
import RDBSupport
import TestSupport
import Testing

/// Values that a program owns.
@Suite("Owned values")
struct OwnedValueTests {
  /// The keys of a dump.
  static func keys(_ name: String, valueLimit: Int = .max) throws -> [SnapshotKey] {
    var keys: [SnapshotKey] = []
    var snapshot = SnapshotKeys(MemorySource(Fixture.named(name).bytes), valueLimit: valueLimit)
    while let key = try snapshot.next() { keys.append(key) }
    return keys
  }

  @Test(
    "Equal themselves and no other value",
    arguments: [
      "redis-7.2.6/all", "crafted/v14-arrays", "crafted/v13-streams", "crafted/v81-pathhash", "crafted/v10-modules",
    ])
  func equality(_ name: String) throws {
    let keys = try Self.keys(name)
    #expect(keys == (try Self.keys(name)))
    for (index, key) in keys.enumerated() {
      let other = keys[(index + 1) % keys.count]
      #expect(key != other, "\(printable(key.name)), \(printable(other.name))")
    }
  }

  @Test("Differ if one number, name or element of a stream, a path hash or an array does")
  func differences() throws {
    var stream = SnapshotStream()
    stream.entries = [(StreamID(1, 2), [([97], [98])])]
    var group = SnapshotStream.Group(name: [103], lastDelivered: StreamID(1, 2), entriesRead: .known(1))
    group.consumers = [([99], UnixMilliseconds(5), nil)]
    group.pending = [(StreamID(1, 2), [99], UnixMilliseconds(5), 1)]
    stream.groups = [group]
    stream.idempotency = (1, 2, idsAdded: 0, idsDuplicate: 0, producers: [([112], [([105], StreamID(1, 2))])])
    let changes: [(inout SnapshotStream) -> Void] = [
      { $0.entries[0].id = StreamID(1, 3) }, { $0.entries[0].fields[0].value = [] }, { $0.entries = [] },
      { $0.info.length = 9 }, { $0.groups[0].name = [] }, { $0.groups[0].lastDelivered = .zero },
      { $0.groups[0].entriesRead = .known(2) }, { $0.groups[0].consumers[0].name = [] },
      { $0.groups[0].consumers[0].active = UnixMilliseconds(1) }, { $0.groups[0].pending[0].id = .zero },
      { $0.groups[0].pending[0].consumer = nil }, { $0.groups[0].pending[0].delivered = UnixMilliseconds(0) },
      { $0.groups[0].pending[0].deliveryCount = 0 }, { $0.groups = [] }, { $0.idempotency = nil },
      { $0.idempotency?.durationSeconds = 0 }, { $0.idempotency?.maxEntries = 0 }, { $0.idempotency?.idsAdded = 1 },
      { $0.idempotency?.idsDuplicate = 1 }, { $0.idempotency?.producers[0].name = [] },
      { $0.idempotency?.producers[0].ids[0].entry = .zero },
    ]
    #expect(SnapshotValue.stream(stream) == .stream(stream))
    for (index, change) in changes.enumerated() {
      var other = stream
      change(&other)
      #expect(other != stream, "change \(index)")
    }
    let paths = SnapshotValue.pathHash([([97], [([102], [118])])])
    #expect(paths == .pathHash([([97], [([102], [118])])]))
    #expect(paths != .pathHash([([97], [([102], [])])]) && paths != .pathHash([([98], [([102], [118])])]))
    #expect(paths != .pathHash([]) && paths != .hash([]))
    let array = SnapshotValue.array([(1, [97])], insertIndex: 2)
    #expect(array == .array([(1, [97])], insertIndex: 2))
    #expect(array != .array([(1, [97])], insertIndex: nil) && array != .array([(2, [97])], insertIndex: 2))
    #expect(SnapshotValue.module(ModuleID(rawValue: 1), stored: [1]) != .module(ModuleID(rawValue: 1), stored: [2]))
    #expect(SnapshotValue.notRead == .notRead && SnapshotValue.tooLarge != .notRead)
  }

  @Test(
    "Beyond the limit of their size are named so: every type",
    arguments: [
      "redis-7.2.6/all", "crafted/v14-arrays", "crafted/v81-pathhash", "crafted/v13-streams", "crafted/v10-modules",
    ])
  func tooLarge(_ name: String) throws {
    let (whole, cut) = (try Self.keys(name), try Self.keys(name, valueLimit: 0))
    #expect(whole.map(\.name) == cut.map(\.name))
    for (key, small) in zip(whole, cut) {
      switch key.value {
      case .string(let bytes) where bytes.isEmpty: #expect(small.value == key.value)
      case .pathHash(let paths) where paths.isEmpty: #expect(small.value == key.value)
      case .stream(let stream) where stream.entries.isEmpty: break
      default: #expect(small.value == .tooLarge, "\(printable(key.name))")
      }
    }
  }
}
