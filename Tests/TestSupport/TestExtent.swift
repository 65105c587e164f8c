import Foundation

/// How much of the large test matrices a run covers, decided here for all suites.
///
/// A smaller extent covers fewer fixtures and fewer offsets in them, and leaves out what ``isSampled`` says.
public enum TestExtent: Sendable {
  /// A seeded sample: debug runs, whose code is many times slower, and runs with `RDB_TEST_SAMPLE=1`.
  case sample
  /// Every fixture: release runs.
  case whole
  /// More offsets in larger files: runs with `RDB_TEST_DEEP=1`.
  case deep

  /// The extent of this run.
  public static let current: TestExtent = {
    let environment = ProcessInfo.processInfo.environment
    if environment["RDB_TEST_DEEP"] == "1" { return .deep }
    if let sample = environment["RDB_TEST_SAMPLE"] { return sample == "1" ? .sample : .whole }
    #if DEBUG
      return .sample
    #else
      return .whole
    #endif
  }()

  /// The size up to which a test tries every byte of a file.
  public var wholeByteCount: Int {
    switch self {
    case .sample: 512
    case .whole: 4096
    case .deep: 1 << 16
    }
  }

  /// Returns the offsets that a test tries in a file: all of them up to ``wholeByteCount``, a seeded sample above.
  ///
  /// - Parameter factor: The number of cases per byte. The result then has numbers below `byteCount * factor`.
  public func offsets(in byteCount: Int, factor: Int = 1, seed: UInt64) -> [Int] {
    if byteCount <= wholeByteCount { return Array(0..<byteCount * factor) }
    var generator = SeededGenerator(seed: seed)
    let count: Int =
      switch self {
      case .sample: byteCount < 100_000 ? 60 : 5
      case .whole: byteCount < 100_000 ? 300 : 20
      case .deep: byteCount < 100_000 ? 3000 : 200
      }
    return (0..<count).map { _ in Int.random(in: 0..<byteCount * factor, using: &generator) }
  }
}

/// Whether this run has the largest extent: `RDB_TEST_DEEP=1`.
public let isDeep = TestExtent.current == .deep

/// Whether this run has the smallest extent. A test that only repeats at length what others show is left out then: a debug
/// build takes minutes for it, and a release run has it.
public let isSampled = TestExtent.current == .sample
