import Foundation
import RDBCommand
import RDBFormat
import TestSupport
import Testing

/// What the command says when it cannot do what it was asked, word for word, and its exit code.
@Suite("Errors of the command")
struct ErrorTests {
  struct Case: Sendable, CustomStringConvertible {
    var line: String
    var status: Int32
    var error: String
    var description: String { line }

    init(_ line: String, _ status: Int32, _ error: String) {
      (self.line, self.status, self.error) = (line, status, error)
    }
  }

  /// Run in a folder that has the files of ``folder()``.
  static let cases: [Case] = [
    Case(
      "rdb frob", 64,
      """
      rdb: Unexpected argument 'frob'
      Usage: rdb <subcommand>
        See 'rdb --help' for more information.

      """),
    Case(
      "rdb resp", 64,
      """
      rdb: Missing expected argument '<dump>'
      Help:  <dump>  A snapshot, AOF or its folder, RESP dump, or redis:// address; - for standard input. gzip, zstd, LZ4 too.
      Usage: rdb resp [<options>] <dump>
        See 'rdb resp --help' for more information.

      """),
    Case(
      "rdb resp dump.rdb --replace --nx", 64,
      """
      rdb: --replace and --nx contradict each other: give one.
      Usage: rdb resp [<options>] <dump>
        See 'rdb resp --help' for more information.

      """),
    Case(
      "rdb resp dump.rdb --batch 0", 64,
      """
      rdb: --batch takes at least 1 element, not 0.
      Usage: rdb resp [<options>] <dump>
        See 'rdb resp --help' for more information.

      """),
    Case(
      "rdb resp dump.rdb --batch-bytes 1tb", 64,
      """
      rdb: The value '1tb' is invalid for '--batch-bytes <size>'
      Help:  --batch-bytes <size>  Put at most this many bytes into one command of several elements.
      Usage: rdb resp [<options>] <dump>
        See 'rdb resp --help' for more information.

      """),
    Case(
      "rdb resp dump.rdb --target 9", 64,
      """
      rdb: The value '9' is invalid for '--target <version>': expected one of 2.4, 2.6, 2.8, 3.0, 3.2, 4.0, 5.0, 6.0, 6.2, 7.0, 7.2, 7.4, 8.0, 8.2, 8.4, 8.6, 8.8, 8.10, valkey-7.2, valkey-8.0, valkey-8.1, valkey-9.0, valkey-9.1, valkey-9.2.
      Help:  --target <version>  Write for this server: 2.4 to 8.10, or valkey-7.2 to valkey-9.2. Default: the snapshot's.
      Usage: rdb resp [<options>] <dump>
        See 'rdb resp --help' for more information.

      """),
    Case(
      "rdb resp dump.rdb --db-map 0:1,0:2", 64,
      """
      rdb: --db-map sends database 0 to both 1 and 2.
      Usage: rdb resp [<options>] <dump>
        See 'rdb resp --help' for more information.

      """),
    Case(
      "rdb resp dump.rdb --db-map 0:16", 64,
      """
      rdb: --db-map sends database 0 to 16, but the target has 16 (--databases).
      Usage: rdb resp [<options>] <dump>
        See 'rdb resp --help' for more information.

      """),
    Case(
      "rdb resp dump.rdb --single-db --db-map 0:1", 64,
      """
      rdb: --single-db and --db-map contradict each other: give one.
      Usage: rdb resp [<options>] <dump>
        See 'rdb resp --help' for more information.

      """),
    Case(
      "rdb json dump.rdb -j 65", 64,
      """
      rdb: -j takes 1 to 64 threads, not 65.
      Usage: rdb json [<options>] <dump>
        See 'rdb json --help' for more information.

      """),
    Case(
      "rdb get dump.rdb x --strings latin1", 64,
      """
      rdb: --strings needs --json.
      Usage: rdb get [<options>] <dump> [<key>]
        See 'rdb get --help' for more information.

      """),
    Case(
      "rdb keys dump.rdb --strings latin1 --csv", 64,
      """
      rdb: --strings needs --json.
      Usage: rdb keys [<options>] <dump>
        See 'rdb keys --help' for more information.

      """),
    Case(
      "rdb get dump.rdb x --range 0:9223372036854775808", 64,
      """
      rdb: The value '0:9223372036854775808' is invalid for '--range <first:last>': numbers go from -9223372036854775808 to 9223372036854775807; leave one out for an open range: 5: or :9.
      Help:  --range <first:last>  Show only elements with these numbers, such as 0:9, 5: or -10:-1.
      Usage: rdb get [<options>] <dump> [<key>]
        See 'rdb get --help' for more information.

      """),
    Case(
      "rdb get dump.rdb x --range 3", 64,
      """
      rdb: The value '3' is invalid for '--range <first:last>': expected two numbers with a colon between them, such as 0:9, 5: or -10:-1.
      Help:  --range <first:last>  Show only elements with these numbers, such as 0:9, 5: or -10:-1.
      Usage: rdb get [<options>] <dump> [<key>]
        See 'rdb get --help' for more information.

      """),
    Case(
      "rdb get dump.rdb x --range a:b", 64,
      """
      rdb: The value 'a:b' is invalid for '--range <first:last>': expected a number from 0, or a negative one from the end, on each side of the colon.
      Help:  --range <first:last>  Show only elements with these numbers, such as 0:9, 5: or -10:-1.
      Usage: rdb get [<options>] <dump> [<key>]
        See 'rdb get --help' for more information.

      """),
    Case(
      "rdb json dump.rdb -k '('", 64,
      """
      rdb: --key: expected a Perl-compatible regular expression (a special character needs a \\ before it to match itself), found "(": missing closing parenthesis, at byte 1.
      Usage: rdb json [<options>] <dump>
        See 'rdb json --help' for more information.

      """),
    Case(
      "rdb json dump.rdb -t frob", 64,
      """
      rdb: --type: expected one of string, list, set, zset, hash, stream, array, path-hash, module, found "frob".
      Usage: rdb json [<options>] <dump>
        See 'rdb json --help' for more information.

      """),
    Case(
      "rdb json dump.rdb -n x", 64,
      """
      rdb: --db: expected a database number, found "x".
      Usage: rdb json [<options>] <dump>
        See 'rdb json --help' for more information.

      """),
    Case(
      "rdb json dump.rdb --ttl-shift 1", 64,
      """
      rdb: --ttl-shift: expected a duration such as 90s, 1h30m, -7d or 500ms, found "1".
      Usage: rdb json [<options>] <dump>
        See 'rdb json --help' for more information.

      """),
    Case(
      "rdb json dump.rdb --ttl-shift 1h --no-expire", 64,
      """
      rdb: --no-expire and --ttl-shift contradict each other: give one.
      Usage: rdb json [<options>] <dump>
        See 'rdb json --help' for more information.

      """),
    Case(
      "rdb json dump.rdb -o out --ledger out", 64,
      """
      rdb: -o and --ledger name the same file
      Give one of them another name.

      """),
    Case(
      "rdb json dump.rdb -o dump.rdb", 64,
      """
      rdb: dump.rdb: is the input file itself
      Give -o another name.

      """),
    Case(
      "rdb json dump.rdb -o .", 64,
      """
      rdb: .: is a folder
      Give the name of a file.

      """),
    Case(
      "rdb json dump.rdb -o out --ledger .", 64,
      """
      rdb: .: is a folder
      Give the name of a file.

      """),
    Case(
      "rdb get dump.rdb x -o dump.rdb.idx", 64,
      """
      rdb: dump.rdb.idx: is the name of the dump's index
      Give -o another name; rdb index writes this one.

      """),
    Case(
      "rdb json dump.rdb >>dump.rdb", 64,
      """
      rdb: standard output is the input file itself

      """),
    Case(
      "rdb resp many.rdb -o out", 64,
      """
      rdb: many.rdb: expected a database below 16 (--databases), or another number for it (--db-map), found keys in database 20

      """),
    Case(
      "rdb resp dump.rdb --single-db -o out", 64,
      """
      rdb: dump.rdb: expected keys in one database only (--single-db), or --replace to replace keys, found keys in databases 0 and 1

      """),
    Case(
      "rdb json missing.rdb", 66,
      """
      rdb: missing.rdb: cannot be opened: No such file or directory

      """),
    Case(
      "rdb resp .", 66,
      """
      rdb: .: expected the folder of an append-only file, found none of its files

      """),
    Case(
      #"rdb info "$(printf '\033[31mx')""#, 66,
      """
      rdb: "\\x1b[31mx": cannot be opened: No such file or directory

      """),
    Case(
      "rdb json text", 65,
      """
      rdb: text: notRDB at offset 0: expected "REDIS" or "VALKEY", found "just text"
      Give the file that the server writes, dump.rdb by default; it may be compressed.

      """),
    Case(
      "rdb json cut.rdb", 65,
      """
      rdb: cut.rdb: truncated at offset 1000 in key "alpha:v:raw:64" (string, db 0): expected 64 bytes, found 0
      The file is cut: copy it again, or have the server write a new one (BGSAVE).

      """),
    Case(
      "rdb json red.rdb", 65,
      """
      rdb: red.rdb: corruptIntset at offset 21 + 0 in key "\\x1b[31mred" (set_intset, db 0): expected at least 8 bytes, found 3
      The file is damaged. -o FILE --keep-partial keeps the output up to the damage.

      """),
    Case(
      "rdb json sum.rdb", 65,
      """
      rdb: sum.rdb: checksumMismatch at offset 6996: expected the checksum 0x4da3b4980fa9b80b of the bytes before it, found 0x4ca3b4980fa9b80b
      A byte was changed after the file was written. --ignore-checksum skips this check.

      """),
    Case("rdb json -q sum.rdb --ignore-checksum", 0, ""),
    Case(
      "rdb json new.rdb", 65,
      """
      rdb: new.rdb: unsupportedVersion at offset 0: expected RDB version 1–15 (--force-version reads on as far as it can), found REDIS version 99

      """),
    Case("rdb json -q new.rdb --force-version --ignore-checksum", 0, ""),
    Case("rdb json -q tail.rdb", 0, ""),
    Case(
      "rdb json long.rdb --max-string 1kb", 65,
      """
      rdb: long.rdb: stringTooLong at offset 14 in key "k" (string, db 0): expected at most 1024 bytes (--max-string raises the limit), found a string of 4096

      """),
    Case(
      "rdb json pre.rdb", 65,
      """
      rdb: pre.rdb: unsupportedValueType at offset 176 in key "cart:v:hello:4" (db 0): expected a value that says where it ends (the module hellotype must load it itself), found module_pre_ga, type 6 of Redis 4.0 release candidates
      Only the server that wrote the file can load it.

      """),
    Case(
      "rdb json dump.rdb -o /dev/full", 74,
      """
      rdb: /dev/full: cannot write: No space left on device
      Free some space, or write elsewhere with -o.

      """),
    Case(
      "rdb json dump.rdb >/dev/full", 74,
      """
      rdb: standard output: cannot write: No space left on device
      Free some space, or write elsewhere with -o.

      """),
    Case(
      "rdb info dump.rdb >/dev/full", 74,
      """
      rdb: standard output: cannot write: No space left on device
      Free some space, or write elsewhere with -o.

      """),
    Case(
      "rdb --help >/dev/full", 74,
      """
      rdb: standard output: cannot write: No space left on device
      Free some space, or write elsewhere with -o.

      """),
    Case(
      "rdb --version >&-", 74,
      """
      rdb: standard output: cannot write: Bad file descriptor

      """),
    Case(
      "rdb json cut.rdb >/dev/full", 74,
      """
      rdb: standard output: cannot write: No space left on device
      Free some space, or write elsewhere with -o.

      """),
    Case(
      "rdb json dump.rdb >&-", 74,
      """
      rdb: standard output: cannot write: Bad file descriptor

      """),
    Case(
      "rdb json dump.rdb -o missing/out.json", 74,
      """
      rdb: missing/out.json: cannot be written: No such file or directory

      """),
    Case("rdb json dump.rdb -q -k 'nothing like it'", 1, ""),
    Case(
      "rdb json dump.rdb -k 'nothing like it' --meta", 1,
      """
      rdb: 72 keys read, 0 written, 72 filtered
      rdb: no key matched

      """),
    Case("rdb resp dump.rdb -q --expired only --now 2000-01-01", 1, ""),
    Case(
      "rdb resp dump.rdb -q -k x:same --target 4.0 --functions skip --lossy", 0,
      """
      rdb: lost: 1 key: streams need Redis 5.0: "page:v:x:same"

      """),
  ]

  static func folder() -> Scratch {
    let folder = Scratch()
    let dump = Fixture.named("redis-7.2.6/all").bytes
    folder.write(dump, as: "dump.rdb")
    folder.write(Array(dump.prefix(1000)), as: "cut.rdb")
    folder.write(dump.dropLast() + [dump[dump.count - 1] ^ 1], as: "sum.rdb")
    folder.write(dump.prefix(5) + Array("0099".utf8) + dump.dropFirst(9), as: "new.rdb")
    folder.write(dump + Array("xyz".utf8), as: "tail.rdb")
    folder.write(readFile(Fixture.root + "/refused/redis-4.0.rc3-modules.rdb"), as: "pre.rdb")
    folder.write(Crafted.redKey, as: "red.rdb")
    folder.write(Crafted.manyDatabases, as: "many.rdb")
    folder.write(Crafted.longString, as: "long.rdb")
    folder.write(Array("just text".utf8), as: "text")
    return folder
  }

  @Test("have the expected message and exit code, and leave no file", arguments: cases)
  func text(_ one: Case) {
    let folder = Self.folder()
    let names = folder.names
    let outcome = Tool.shell(one.line, in: folder)
    #expect(outcome.error == one.error)
    #expect(outcome.status == one.status)
    #expect(folder.names == names)
  }

  @Test("of a sink end the command as a bug, damage as damage, and a failed write as a failure of the system")
  func codes() {
    let codes: [(RDBError.Code, ExitCode)] = [
      (.sink, .bug), (.stop, .bug), (.truncated, .damaged), (.io, .ioError), (.outputClosed, .outputClosed),
      (.refused, .usage),
    ]
    for (code, exitCode) in codes {
      #expect(RDBError(code, at: 0, expected: "a test", found: "another").exitCode == exitCode)
    }
  }
}
