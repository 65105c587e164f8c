import Foundation
import TestSupport
import Testing

/// How much memory the command has at its peak: bounds that no file's size, no key's size and no way to
/// read it may break. Documentation/performance.md has the figures for larger files.
@Suite("Peak memory of the command", .serialized)
struct PeakMemoryTests {
  /// A generated snapshot, and the longest string in it.
  struct Subject: Sendable, CustomTestStringConvertible {
    var profile: String
    var options: String
    var longestString: Int
    var testDescription: String { profile }

    static let all = [
      // Keys of every type.
      Subject(profile: "mixed", options: "--size 64mb", longestString: 64 << 10),
      // One hash of a million fields, and a sorted set and a list like it.
      Subject(profile: "huge", options: "--size 72mb", longestString: 64 << 10),
      // Strings of up to 4 MiB.
      Subject(profile: "big", options: "--size 64mb --compress", longestString: 4 << 20),
    ]
  }

  /// What a debug build takes more for its code alone: `rdb --version` has a peak of 20 MiB there.
  static let codeOfDebugBuilds: Int = {
    #if DEBUG
      8 << 20
    #else
      0
    #endif
  }()

  /// The bound in bytes: 32 MiB with one thread, 64 MiB with more, and twice the longest string.
  private static func bound(_ threads: Int, _ subject: Subject) -> Int {
    (threads == 1 ? 32 << 20 : 64 << 20) + 2 * subject.longestString + codeOfDebugBuilds
  }

  /// A program that runs a command, and prints its exit code and its peak memory in bytes.
  ///
  /// A process starts with the peak of its parent: that of Python is small, that of the test process is not.
  private static let measure = """
    import resource, subprocess, sys
    run = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(run.returncode, peak * (1 if sys.platform == "darwin" else 1024))
    """

  /// Runs a command of `rdb`, and discards its output.
  ///
  /// - Parameter status: The exit code that the command must have.
  /// - Returns: The peak in bytes; `nil` if the command failed, which is recorded as an issue.
  static func peak(of arguments: String, input: String = "", status: Int = 0, in folder: Scratch) -> Int? {
    let line = "\(input)python3 measure.py '\(Tool.path)' \(arguments)"
    let run = Tool.shell(line, in: folder)
    let words = run.text.split { $0 == " " || $0 == "\n" }.compactMap { Int($0) }
    guard words.count == 2, words[0] == status, words[1] > 1 << 20 else {
      Issue.record("\(line): \(run.text)\(run.error)")
      return nil
    }
    return words[1]
  }

  static func folder() -> Scratch {
    let folder = Scratch()
    folder.write(Array(measure.utf8), as: "measure.py")
    return folder
  }

  @Test(
    "is within 32 MiB with one thread and 64 MiB with two, plus twice the longest string",
    arguments: isSampled ? [Subject.all[1]] : Subject.all)
  func bounds(_ subject: Subject) throws {
    let folder = Self.folder()
    let made = Tool.shell(
      "rdb gen -o dump.rdb --profile \(subject.profile) \(subject.options) && gzip -1 -k dump.rdb", in: folder)
    #expect(made.status == 0, "\(made.error)")
    for threads in isSampled ? [1] : [1, 2] {
      let bound = Self.bound(threads, subject)
      for command in [
        "check", "resp", "json", "resp --restore auto", "rewrite -o -", "rewrite --sanitize -o -",
        "rewrite --target 2.8 --lossy -o -",
      ] {
        // A compressed one, through a pipe: two buffers more, and nothing to seek in.
        for (input, name) in [("", "dump.rdb"), ("cat dump.rdb.gz | ", "-")] {
          let arguments = "\(command) -q -j \(threads) \(name)"
          guard let peak = Self.peak(of: arguments, input: input, in: folder) else { continue }
          #expect(peak <= bound, "\(input)\(arguments): \(peak >> 10) KiB, more than \(bound >> 10)")
        }
      }
    }
  }

  @Test("of a stream grows by at most 64 bytes for each pending entry", .enabled(if: !isSampled))
  func pendingEntries() throws {
    let count = 1_000_000
    let folder = Self.folder()
    folder.write(Crafted.stream(deletedAndPending: count), as: "dump.rdb")
    let bound = (32 << 20) + 64 * count + Self.codeOfDebugBuilds
    for command in ["check", "resp", "json"] {
      for (input, name) in [("", "dump.rdb"), ("cat dump.rdb | ", "-")] {
        let arguments = "\(command) -q -j 1 \(name)"
        guard let peak = Self.peak(of: arguments, input: input, in: folder) else { continue }
        #expect(peak <= bound, "\(input)\(arguments): \(peak >> 10) KiB, more than \(bound >> 10)")
      }
    }
  }

  @Test(
    "of rdb index is within 160 MiB for seven million keys, with at most 16 bytes per key on disk",
    .enabled(if: !isSampled), arguments: [1, 2])
  func index(_ threads: Int) throws {
    // More than are sorted at a time.
    let count = 7_000_000
    let folder = Self.folder()
    folder.write(Crafted.manyKeys(count), as: "dump.rdb")
    guard let peak = Self.peak(of: "index -q -j \(threads) dump.rdb", input: "", in: folder) else { return }
    #expect(peak <= 160 << 20, "\(peak >> 10) KiB")
    let size = try #require(FileManager.default.attributesOfItem(atPath: "\(folder.path)/dump.rdb.idx")[.size] as? Int)
    #expect(size <= 16 * count)
    for number in [0, 1, count / 2, count - 1] {
      let outcome = Tool.shell("rdb get dump.rdb k\(10_000_000 + number) --raw", in: folder)
      #expect(outcome.text == "v" && outcome.error == "")
    }
    #expect(Tool.shell("rdb get dump.rdb k\(10_000_000 + count) --raw -q", in: folder).status == 1)
  }
}
