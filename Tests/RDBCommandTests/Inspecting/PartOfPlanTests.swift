import Foundation
import TestSupport
import Testing

/// `rdb split-plan`, and commands with `--part-of`.
@Suite("Parts of a plan")
struct PartOfPlanTests {
  private static func folder(_ fixture: String = "redis-7.2.6/all") -> Scratch {
    let folder = Scratch()
    folder.copy(Fixture.named(fixture))
    return folder
  }

  @Test("the merged reports of all parts are those of one run, and tables follow one another")
  func mergedReports() {
    let folder = Self.folder()
    let result = Tool.shell(
      """
      set -e
      rdb split-plan dump.rdb --parts 7 -o plan.json -q
      options="--now 1700000000000 -q"
      rdb analyze dump.rdb $options -o whole
      for part in 0 1 2 3 4 5 6; do
        rdb analyze dump.rdb $options --part-of plan.json:$part -o part-$part
        rdb json --lines -q dump.rdb --part-of plan.json:$part >>parts.jsonl
        rdb memory --csv -q dump.rdb --part-of plan.json:$part | tail -n +2 >>parts.csv
      done
      rdb merge-reports part-? -o merged
      diff -r whole merged
      rdb json --lines -q dump.rdb | cmp - parts.jsonl
      rdb memory --csv -q dump.rdb | tail -n +2 | cmp - parts.csv
      test -s parts.jsonl && test -s parts.csv
      """, in: folder)
    #expect(result.status == 0, "\(result.text)\(result.error)")
  }

  @Test("the functions and scripts of a snapshot are in the first part alone")
  func functions() {
    let folder = Self.folder()
    let result = Tool.shell(
      """
      rdb split-plan dump.rdb --parts 3 -o plan.json -q
      for part in 0 1 2; do rdb resp -q --replace dump.rdb --part-of plan.json:$part | grep -c 'FUNCTION' ; done
      rdb resp -q --replace dump.rdb | grep -c 'FUNCTION'
      """, in: folder)
    let counts = result.text.split(separator: "\n").compactMap { Int($0) }
    #expect(counts.count == 4)
    if counts.count == 4 { #expect(counts[0] == counts[3] && counts[1] == 0 && counts[2] == 0) }
  }

  @Test("Parquet files of parts have the number of their part, and are verified")
  func parquet() {
    let folder = Self.folder()
    let result = Tool.shell(
      """
      set -e
      rdb split-plan dump.rdb --parts 2 -o plan.json -q
      for part in 0 1; do
        rdb parquet --values -q dump.rdb --part-of plan.json:$part -o tables-$part >/dev/null
        rdb parquet -q dump.rdb --part-of plan.json:$part --verify tables-$part >/dev/null
        test -f tables-$part/keys/dump=dump.rdb/part-$part.parquet
      done
      """, in: folder)
    #expect(result.status == 0, "\(result.error)")
  }

  @Test("a range of bytes in a file of its own is a part, too")
  func range() {
    let folder = Self.folder()
    let result = Tool.shell(
      """
      set -e
      rdb split-plan dump.rdb --parts 3 -o plan.json -q
      start=$(tr -d '\\n ' <plan.json | grep -o '"start":[0-9]*' | sed -n 2p | cut -d: -f2)
      end=$(tr -d '\\n ' <plan.json | grep -o '"start":[0-9]*' | sed -n 3p | cut -d: -f2)
      tail -c +$((start + 1)) dump.rdb | head -c $((end - start)) >range
      rdb json --lines -q range --part-of plan.json:1 >alone
      rdb json --lines -q dump.rdb --part-of plan.json:1 | cmp - alone
      test -s alone
      """, in: folder)
    #expect(result.status == 0, "\(result.error)")
  }

  @Test("what cannot be a part is refused with a hint")
  func refusals() {
    let folder = Self.folder()
    #expect(Tool.run("split-plan", "dump.rdb", "--parts", "2", "-o", "plan.json", "-q", in: folder).status == 0)
    func expect(_ status: Int32, _ text: String, _ line: String, at location: SourceLocation = #_sourceLocation) {
      let result = Tool.shell(line, in: folder)
      #expect(
        result.status == status && result.error.contains(text), "\(line): \(result.error)", sourceLocation: location)
    }
    expect(64, "has no part 2", "rdb keys dump.rdb --part-of plan.json:2")
    expect(64, "plan.json:0", "rdb keys dump.rdb --part-of plan.json")
    expect(66, "none.json: cannot be opened", "rdb keys dump.rdb --part-of none.json:0")
    expect(65, "is no plan", "rdb keys dump.rdb --part-of dump.rdb:0")
    expect(64, "it is not a file", "cat dump.rdb | rdb keys - --part-of plan.json:0")
    expect(64, "it is compressed", "gzip -k dump.rdb && rdb keys dump.rdb.gz --part-of plan.json:0")
    expect(64, "it is compressed", "rdb split-plan dump.rdb.gz --parts 2 -o other.json")
    expect(64, "whole snapshot", "rdb index dump.rdb --part-of plan.json:0")
    expect(64, "whole snapshot", "rdb bench dump.rdb --part-of plan.json:0")
    expect(64, "--parts takes 1 to 100000", "rdb split-plan dump.rdb --parts 0")
    expect(64, "a payload has no parts", "rdb get dump.rdb --payload --part-of plan.json:0")
    expect(64, "it is a folder", "mkdir folder && rdb split-plan folder --parts 2")
    expect(64, "it is a folder", "rdb keys folder --part-of plan.json:0")
    expect(64, "it holds commands", "printf '*1\\r\\n$4\\r\\nPING\\r\\n' >commands; rdb split-plan commands --parts 2")
    expect(64, "it holds commands", "rdb keys commands --part-of plan.json:0")
    expect(
      65, "is not the file of plan.json", "(head -c -1 dump.rdb; printf X) >same && rdb keys same --part-of plan.json:1"
    )
    expect(
      65, "its parts do not give",
      "sed 's/\"checksum\" *: *\"0x[0-9a-f]*\"/\"checksum\":\"0x1\"/' "
        + "plan.json >bad.json && rdb keys dump.rdb --part-of bad.json:1")
    expect(65, "a plan for a file of", "head -c 1000 dump.rdb >short && rdb keys short --part-of plan.json:0")
    expect(65, "checksum", "(head -c -1 dump.rdb; printf X) >other; rdb split-plan other --parts 2 -o other.json")
    #expect(!folder.names.contains("other.json"))
  }

  @Test("bytes after the snapshot are a loss, as when it is read")
  func secondSnapshot() {
    let folder = Self.folder()
    let result = Tool.shell("cat dump.rdb dump.rdb >two && rdb split-plan two --parts 2 -o plan.json", in: folder)
    #expect(result.status == 3, "\(result.error)")
  }
}
