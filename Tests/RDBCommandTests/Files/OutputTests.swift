import Foundation
import TestSupport
import Testing

/// The output file, and the folder around it, after every kind of end.
@Suite("The output file")
struct OutputTests {
  @Test("has the same bytes as standard output", arguments: ["json", "json --lines", "resp"])
  func same(_ command: String) {
    let folder = ErrorTests.folder()
    let outcome = Tool.shell(
      "rdb \(command) dump.rdb -o out 2>/dev/null && rdb \(command) dump.rdb 2>/dev/null", in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.output.count > 1000)
    #expect(folder.contents(of: "out") == outcome.output)
  }

  @Test("has the mode that the umask leaves")
  func mode() throws {
    let folder = ErrorTests.folder()
    #expect(Tool.shell("umask 027; rdb json dump.rdb -q -o out", in: folder).status == 0)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/out")
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o640)
  }

  @Test("replaces the target of a symbolic link, and keeps the link")
  func link() {
    let folder = ErrorTests.folder()
    let outcome = Tool.shell(
      "mkdir d && echo old >d/real && ln -s d/real out && rdb json -q dump.rdb -o out && ls d && test -L out",
      in: folder)
    #expect(outcome == Outcome(status: 0, output: Data("real\n".utf8), error: ""))
    #expect(folder.contents(of: "d/real")?.first == UInt8(ascii: "["))
  }

  @Test("is not written through another user's link in a folder for all", .enabled(if: geteuid() == 0))
  func foreignLink() {
    let folder = ErrorTests.folder()
    let line = "mkdir -p d && chmod MODE d && echo old >real && ln -sf ../real d/out && chown -h OWNER d/out; "
    func run(mode: String, owner: String) -> Outcome {
      let set = line.replacingOccurrences(of: "MODE", with: mode).replacingOccurrences(of: "OWNER", with: owner)
      return Tool.shell(set + "rdb json -q dump.rdb -o d/out; status=$?; head -c 1 real; exit $status", in: folder)
    }
    for mode in ["1777", "0777", "1755"] {
      let outcome = run(mode: mode, owner: "12345")
      #expect(outcome.status == 74 && outcome.text == "o", "\(mode)")
      #expect(outcome.error.contains("d/out: is a symbolic link of another user"), "\(outcome.error)")
    }
    #expect(run(mode: "0755", owner: "12345") == Outcome(status: 0, output: Data("[".utf8), error: ""))
    #expect(run(mode: "1777", owner: "0") == Outcome(status: 0, output: Data("[".utf8), error: ""))
  }

  @Test("keeps its old contents if the input is damaged")
  func damage() {
    let folder = ErrorTests.folder()
    let names = folder.names
    let outcome = Tool.shell("echo old >out; rdb json cut.rdb -o out", in: folder)
    #expect(outcome.status == 65)
    #expect(folder.contents(of: "out") == Data("old\n".utf8))
    #expect(folder.names == (names + ["out"]).sorted())
  }

  @Test("is kept as FILE.partial with --keep-partial, as an incomplete document")
  func keepPartial() throws {
    let folder = Scratch()
    folder.write(Array(Crafted.large(count: 50_000).dropLast(10)), as: "cut.rdb")
    let outcome = Tool.run("json", "cut.rdb", "-o", "out", "--keep-partial", in: folder)
    #expect(outcome.status == 65)
    #expect(folder.names == ["cut.rdb", "out.partial"])
    let partial = try #require(folder.contents(of: "out.partial"))
    #expect(partial.count > 1 << 20)
    #expect(throws: (any Error).self) { try JSONSerialization.jsonObject(with: partial) }
  }

  @Test("is kept up to the damage with --keep-partial, with 1, 2 and 7 threads", arguments: ["json", "resp"])
  func keepsAll(_ command: String) throws {
    let folder = ErrorTests.folder()
    for threads in [1, 2, 7] {
      let outcome = Tool.shell(
        "rdb \(command) -j \(threads) cut.rdb -o \(threads) --keep-partial", in: folder)
      #expect(outcome.status == 65)
    }
    let partial = try #require(folder.contents(of: "1.partial"))
    let whole = Tool.shell("rdb \(command) -q dump.rdb", in: folder).output
    #expect(partial.count > 500)
    #expect(whole.starts(with: partial))
    #expect(folder.contents(of: "2.partial") == partial)
    #expect(folder.contents(of: "7.partial") == partial)
  }

  @Test("is removed if the disk is full")
  func tooLarge() {
    let folder = Scratch()
    folder.write(Crafted.large(count: 50_000), as: "dump.rdb")
    let outcome = Tool.shell("ulimit -f 100; rdb json dump.rdb -o out", in: folder)
    #expect(outcome.error.hasPrefix("rdb: out: cannot write"))
    #expect(outcome.error.contains(": File too large\n"))
    #expect(outcome.status == 74)
    #expect(folder.names == ["dump.rdb"])
  }

  @Test("is removed if a folder has taken its name meanwhile")
  func folderMeanwhile() {
    let folder = ErrorTests.folder()
    let outcome = Tool.shell(
      """
      { head -c 4000 dump.rdb
        until ls out.partial.* >/dev/null 2>&1; do sleep 0.05; done
        mkdir out
        tail -c +4001 dump.rdb
      } | rdb json - -q -o out
      """, in: folder)
    #expect(outcome.error.hasPrefix("rdb: out: cannot rename: "))
    #expect(outcome.status == 74)
    #expect(folder.names.filter { $0.hasPrefix("out") } == ["out"])
  }

  @Test("is refused if it is the index of the dump, by any of its names")
  func index() {
    let folder = ErrorTests.folder()
    let outcome = Tool.shell(
      """
      rdb index dump.rdb -q; cp dump.rdb.idx kept; ln dump.rdb.idx other; ln -s dump.rdb.idx link
      for o in dump.rdb.idx ./dump.rdb.idx other link; do
        rdb json dump.rdb -o $o; echo $?
        rdb get dump.rdb alpha:v:int:9 -o $o; echo $?
        rdb keys dump.rdb -o $o; echo $?
      done 2>/dev/null
      rdb json dump.rdb -o out --ledger other 2>/dev/null; echo $?
      rdb get dump.rdb alpha:v:int:9 --index kept -o kept 2>/dev/null; echo $?
      rdb top-elements dump.rdb alpha:v:int:9 --index kept -o kept 2>/dev/null; echo $?
      rdb keys dump.rdb >>dump.rdb.idx; echo $?
      cmp dump.rdb.idx kept && rdb index dump.rdb -q && cmp dump.rdb.idx kept; echo $?
      """, in: folder)
    #expect(outcome.text == String(repeating: "64\n", count: 16) + "0\n")
    #expect(outcome.error == "rdb: standard output is the dump's index\n")
  }

  @Test("may be a named pipe, which is not replaced")
  func fifo() {
    let folder = ErrorTests.folder()
    let outcome = Tool.shell(
      "mkfifo p; rdb json -q dump.rdb -o p & cat p; wait; test -p p", in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.output == Tool.shell("rdb json -q dump.rdb", in: folder).output)
  }

  @Test(
    "ends the run with 141 and without a message if its reader closes it", arguments: ["json", "resp", "info", "check"])
  func closedPipe(_ command: String) {
    let folder = ErrorTests.folder()
    let outcome = Tool.shell(
      "{ sleep 0.2; rdb \(command) dump.rdb 2>error; echo $? >status; } | :", in: folder)
    #expect(outcome.error == "")
    #expect(folder.contents(of: "status") == Data("141\n".utf8))
    #expect(folder.contents(of: "error") == Data())
  }

  @Test("ends help with 141 and without a message if its reader closes it")
  func closedHelp() {
    let folder = Scratch()
    _ = Tool.shell("{ sleep 0.2; rdb json --help 2>error; echo $? >status; } | :", in: folder)
    #expect(folder.contents(of: "status") == Data("141\n".utf8))
    #expect(folder.contents(of: "error") == Data())
  }

  /// Sends a signal while the input is still open.
  @Test(
    "is removed, or kept as FILE.partial, on SIGINT, SIGTERM and SIGHUP", arguments: [SIGINT, SIGTERM, SIGHUP],
    [false, true])
  func interrupted(_ signal: Int32, keepsPartial: Bool) throws {
    let folder = Scratch()
    let arguments = ["json", "-", "-j", "1", "-o", "out"] + (keepsPartial ? ["--keep-partial"] : [])
    let (process, text) = try Tool.interrupt(arguments, by: signal, in: folder) { ["out.partial.\($0)"] }
    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == 128 + signal)
    #expect(folder.names == (keepsPartial ? ["out.partial"] : []))
    #expect(text == "rdb: interrupted\n")
  }

  @Test("is not written if the ledger would overwrite the input")
  func ledgerOntoInput() {
    let folder = ErrorTests.folder()
    let before = folder.contents(of: "dump.rdb")
    let outcome = Tool.run("json", "dump.rdb", "-o", "out", "--ledger", "dump.rdb", in: folder)
    #expect(outcome.status == 64)
    #expect(folder.contents(of: "dump.rdb") == before)
    #expect(folder.contents(of: "out") == nil)
  }
}
