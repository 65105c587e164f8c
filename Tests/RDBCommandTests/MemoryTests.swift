import Foundation
import TestSupport
import Testing

/// How much memory the command has at its peak: bounds that no file's size, no key's size and no way to
/// read it may break. README.md has what larger files took.
@Suite("Peak memory", .serialized)
struct MemoryTests {
  /// A generated snapshot, and the longest string in it.
  struct Subject: Sendable, CustomTestStringConvertible {
    var profile: String
    var options: String
    var longestString: Int
    var threads: [Int]
    var testDescription: String { profile }

    static let all = [
      // Keys of every type.
      Subject(profile: "mixed", options: "--size 64mb", longestString: 64 << 10, threads: [1, 2]),
      // One hash of a million fields, and a sorted set and a list like it.
      Subject(profile: "huge", options: "--size 72mb", longestString: 64 << 10, threads: [1, 2]),
      // Strings of up to 4 MiB.
      Subject(profile: "big", options: "--size 64mb --compress", longestString: 4 << 20, threads: [1]),
    ]
  }

  /// 32 MiB with one thread, 64 MiB with more, and the longest string twice.
  private static func bound(_ threads: Int, _ subject: Subject) -> Int {
    (threads == 1 ? 32 << 20 : 64 << 20) + 2 * subject.longestString
  }

  /// Runs what follows it, and says how it ended and its peak in bytes. A process is born with its parent's
  /// peak: Python's is small, that of these tests is not.
  private static let measure = """
    import resource, subprocess, sys
    run = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(run.returncode, peak * (1 if sys.platform == "darwin" else 1024))
    """

  @Test("stays within its bounds, whatever the file's size and the way it comes", arguments: Subject.all)
  func bounds(_ subject: Subject) throws {
    let folder = Scratch()
    folder.write(Array(Self.measure.utf8), as: "measure.py")
    let made = Tool.shell(
      "rdb gen -o dump.rdb --profile \(subject.profile) \(subject.options) && gzip -1 -k dump.rdb", in: folder)
    #expect(made.status == 0, "\(made.error)")
    for threads in subject.threads {
      for command in ["check", "resp", "json", "resp --restore auto"] {
        for input in ["dump.rdb", "-"] {
          let line = "python3 measure.py '\(Tool.path)' \(command) -q -j \(threads) \(input)"
          // A compressed one, through a pipe: two buffers more, and nothing to seek in.
          let run = Tool.shell(input == "-" ? "cat dump.rdb.gz | \(line)" : line, in: folder)
          let words = run.text.split(separator: " ").compactMap { Int($0.trimmingCharacters(in: .newlines)) }
          #expect(words.count == 2 && words[0] == 0, "\(line): \(run.text)\(run.error)")
          guard words.count == 2 else { continue }
          let bound = Self.bound(threads, subject)
          #expect(words[1] <= bound, "\(command), \(input), \(threads) threads: \(words[1] >> 10) KiB, more than \(bound >> 10)")
          #expect(words[1] > 1 << 20)
        }
      }
    }
  }
}
