import ArgumentParser
import Foundation
import RDBCommand
import RedisTransfer
import Synchronization
import TestSupport
import Testing

/// A command with the options of a server. Like all commands of `rdb`, it has no `-h` for help.
private struct Probe<End: ServerEnd>: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration(commandName: "probe", helpNames: .long) }

  @OptionGroup var server: ServerArguments<End>
  @OptionGroup var link: LinkArguments
}

@Suite("Options of a server")
struct ServerArgumentsTests {
  /// The warnings of a run.
  private final class Warnings: Sendable {
    private let passwords = Mutex<[ExposedPassword]>([])
    var all: [ExposedPassword] { passwords.withLock { $0 } }
    func add(_ password: ExposedPassword) { passwords.withLock { $0.append(password) } }
  }

  private let warnings = Warnings()

  private func places(_ variables: [String: String] = [:]) -> PasswordPlaces {
    let warnings = warnings
    return PasswordPlaces(
      variable: { variables[$0].map { Array($0.utf8) } }, read: { Array("file \($0)".utf8) },
      ask: { Array("asked \($0)".utf8) }, warn: { warnings.add($0) })
  }

  /// Parses a line of arguments, and returns the settings.
  private func settings<End: ServerEnd>(
    _ line: String, of end: End.Type = OnlyServer.self, _ variables: [String: String] = [:]
  ) throws -> ServerSettings {
    let probe = try Probe<End>.parse(line.split(separator: " ").map(String.init))
    return try probe.server.settings(probe.link, places(variables))
  }

  private func message(_ line: String, _ variables: [String: String] = [:]) -> String {
    do {
      _ = try settings(line, variables)
      return ""
    } catch {
      #expect(Probe<OnlyServer>.exitCode(for: error).rawValue == 64)
      return Probe<OnlyServer>.message(for: error)
    }
  }

  @Test(
    "The password for the server of a command is not sent to the server of its input, and an empty variable is none")
  func passwordOfInput() throws {
    let both = ["REDISCLI_AUTH": "new", "RDB_FROM_AUTH": "old"]
    let rows: [([String: String], Bool, String?)] = [
      (["REDISCLI_AUTH": "new"], false, "new"), (["REDISCLI_AUTH": "new"], true, nil), (both, true, "old"),
      (both, false, "old"), (["REDISCLI_AUTH": "new", "RDB_FROM_AUTH": ""], false, nil),
      (["REDISCLI_AUTH": ""], false, nil),
    ]
    for (variables, isBesideServer, expected) in rows {
      let settings = try ServerSettings(
        ofInput: "redis://old.example", besideServer: isBesideServer, places(variables))
      let credentials = expected.map { Credentials(user: nil, password: Secret($0.utf8)) }
      #expect(settings.address.credentials == credentials, "\(variables) \(isBesideServer)")
    }
  }

  @Test("Without options the server is redis-cli's: port 6379 of this machine, without TLS and password")
  func defaults() throws {
    let settings = try settings("")
    #expect("\(settings.address)" == "redis://127.0.0.1:6379")
    #expect(settings.address.credentials == nil)
    #expect(settings == ServerSettings(settings.address))
    #expect(try !ServerArguments<OnlyServer>.parse([]).isGiven)
    #expect(try ServerArguments<OnlyServer>.parse(["-p", "1"]).isGiven)
  }

  @Test(
    "redis-cli's flags name the server",
    arguments: [
      ("-h example.org -p 7000 -n 3", "redis://example.org:7000/3"), ("-h ::1", "redis://[::1]:6379"),
      ("-s /run/redis.sock -n 2", "redis-socket:///run/redis.sock?database=2"), ("-h a --tls", "rediss://a:6379"),
      ("--host a --port 1", "redis://a:1"), ("-u redis://a/5", "redis://a:6379/5"),
      ("--uri rediss://a", "rediss://a:6379"),
      ("-u redis-sentinel://a,b:1/m", "redis-sentinel://a:26379,b:1/m"),
      ("-u redis-cluster://a:1,b:2", "redis-cluster://a:1,b:2"),
    ])
  func names(_ line: String, _ address: String) throws {
    #expect("\(try settings(line).address)" == address)
  }

  @Test("The two ends of a transfer have the same options, each with its word")
  func ends() throws {
    let line = "--from-host a --from-port 1 --from-user u --from-tls --from-cacert ca --from-database 4"
    let from = try settings(line, of: SourceServer.self, ["RDB_FROM_AUTH": "pw"])
    #expect("\(from.address)" == "rediss://a:1/4")
    #expect(from.address.credentials == Credentials(user: Array("u".utf8), password: Secret("pw".utf8)))
    #expect(from.tls.caFile == "ca")
    let to = try settings(
      "--to redis-sentinel://s/m --to-pass-file p --to-sentinel-user s", of: TargetServer.self,
      ["RDB_TO_SENTINEL_AUTH": "sp"])
    #expect("\(to.address)" == "redis-sentinel://s:26379/m")
    #expect(to.address.credentials?.password == Secret("file p".utf8))
    #expect(to.sentinelCredentials == Credentials(user: Array("s".utf8), password: Secret("sp".utf8)))
    #expect("\(try settings("--against redis://b", of: ComparedServer.self).address)" == "redis://b:6379")
    #expect(throws: (any Error).self) { try settings("-h a", of: SourceServer.self) }
  }

  @Test("A password comes from the terminal, a file, an option, the environment or the URI, and arguments warn")
  func passwords() throws {
    func password(_ line: String, _ variables: [String: String] = [:]) throws -> String? {
      try settings(line, variables).address.credentials.map { String(decoding: $0.password.bytes, as: UTF8.self) }
    }
    #expect(try password("", ["REDISCLI_AUTH": "env"]) == "env")
    #expect(try password("--pass-file p", ["REDISCLI_AUTH": "env"]) == "file p")
    #expect(try password("--askpass --user u") == "asked Password of user u at redis://127.0.0.1:6379: ")
    #expect(try password("-u redis-sentinel://a/m --user u", ["REDISCLI_AUTH": "env"]) == "env")
    #expect(warnings.all.isEmpty)
    #expect(try password("-a -pw") == "-pw")
    #expect(warnings.all == [ExposedPassword("-pw", in: ["-a", "--pass"])])
    #expect(try password("-u redis://u:s3cret@a", ["REDISCLI_AUTH": "env"]) == "s3cret")
    #expect(warnings.all.last == ExposedPassword("u:s3cret", in: ["-u", "--uri"]))
  }

  @Test("TLS and all other settings arrive")
  func everything() throws {
    let line =
      "-u redis-sentinel://a/m --tls --sni n --cacertdir d --cert c --tls-key k --sentinel-tls off "
      + "--sentinel-user su --sentinel-pass-file sf --announce-map 10.0.0.1:6379=localhost:7001 --announce-map x=y"
    let settings = try settings(line + " --connect-timeout 3 --timeout 500ms --retries 2 -6")
    var tls = TLSSettings(isOn: true)
    (tls.sni, tls.caDirectory, tls.certificate, tls.key) = ("n", "d", "c", "k")
    #expect(settings.tls == tls)
    tls.isOn = false
    #expect(settings.sentinelTLS == tls)
    #expect(settings.sentinelCredentials?.password == Secret("file sf".utf8))
    #expect(settings.connectTimeout == .seconds(3))
    #expect(settings.replyTimeout == .milliseconds(500))
    #expect(settings.retryCount == 2)
    #expect(settings.addressFamily == .ipv6)
    #expect(settings.announceMap.reached(Endpoint(host: "10.0.0.1", port: 6379)).port == 7001)
  }

  @Test(
    "Options that do not suit each other are refused, and the message says what to do",
    arguments: [
      ("-u redis://a -h b", "-u and -h contradict each other: write the host into the URI."),
      ("-u redis://a -p 1", "write the port into the URI"), ("-u redis://a -n 1", "write the database"),
      ("-u redis://a -s /x", "redis-socket://"), ("-s /x -h a", "-s and -h contradict each other: give one."),
      ("-s /x -p 1", "-s and -p"), ("-s /x --tls", "--tls is not for a Unix socket"),
      ("-u redis-socket:///x --tls", "--tls is not for a Unix socket"), ("-a x --askpass", "-a and --askpass"),
      ("--askpass --pass-file f", "--askpass and --pass-file"),
      ("-u redis://:x@a --askpass", "leave the password out of the URI"),
      ("-u redis://:x@a --user u", "leave the password out of the URI"), ("--sni a", "--sni needs TLS"),
      ("--cacert a", "--cacert needs TLS"), ("--insecure", "--insecure needs TLS"), ("--tls --cert c", "--tls-key"),
      ("--tls --tls-key c", "--cert"), ("--tls --insecure --cacert c", "--insecure and --cacert"),
      ("--sentinel-user u", "--sentinel-user needs the address of sentinels"),
      ("-u redis-cluster://a --sentinel-pass-file f", "--sentinel-pass-file needs the address of sentinels"),
      ("--sentinel-tls on", "--sentinel-tls needs the address of sentinels"), ("-p 0", "-p takes a number from 1"),
      ("-u http://a", "-u: an address begins with redis://"), ("--announce-map a", "--announce-map: an entry is"),
      ("--announce-map a:1=b:2 --announce-map a:1=c:3", "a:1 is given twice"),
    ])
  func conflicts(_ line: String, _ expected: String) {
    let message = message(line)
    #expect(message.contains(expected), "\(message)")
    #expect(warnings.all.isEmpty)
  }

  @Test("A user without a password is refused, and the message names the ways to give one")
  func missingPassword() {
    let error = #expect(throws: (any Error).self) { try settings("--user u") }
    #expect("\(error!)".contains("--user needs a password: give --askpass, --pass-file or the variable REDISCLI_AUTH."))
  }

  @Test(
    "The password of a URI is in no message",
    arguments: [
      "redis://u:s3cret@", "redis://u:s3cret@a:x", "redis://u:s3cret@a/x", "redis://u:s3cret@a@b", "http://u:s3cret@a",
      "redis://u:s3cret@a -h b", "redis://u:s3cret@a --askpass", "redis://u:s3:cret@a",
    ])
  func hiddenPassword(_ arguments: String) {
    let message = message("-u \(arguments)")
    #expect(!message.isEmpty)
    #expect(!message.contains("cret"), "\(message)")
  }

  @Test(
    "Times and counts out of range are refused",
    arguments: ["--timeout 0", "--timeout x", "--timeout 25h", "--connect-timeout -1s", "--retries -1", "-4 -6"])
  func ranges(_ line: String) {
    #expect(throws: (any Error).self) { try settings(line) }
  }

  @Test("A password file has one line, whose end is no part of the password")
  func passwordFile() throws {
    let folder = Scratch()
    let read = PasswordPlaces.ofProcess.read
    for (text, password) in [("pw", "pw"), ("pw\n", "pw"), ("p w\r\n", "p w"), ("", "")] {
      folder.write(Array(text.utf8), as: "p")
      #expect(try read(folder.path + "/p") == Array(password.utf8))
    }
    folder.write(Array("a\nb\n".utf8), as: "p")
    let error = #expect(throws: (any Error).self) { try read(folder.path + "/p") }
    #expect("\(error!)".contains("has more than one line"))
    #expect(throws: (any Error).self) { try read(folder.path + "/missing") }
  }

  @Test("A password among the arguments is overwritten only where it is the value of its option")
  func overwritten() {
    func range(_ text: String, _ argument: String, _ previous: String, _ flags: [String] = ["-a", "--pass"]) -> Range<
      Int
    > {
      ExposedPassword(text, in: flags).range(in: Array(argument.utf8), after: Array(previous.utf8))
    }
    #expect(range("pw", "pw", "-a") == 0..<2)
    #expect(range("pw", "--pass=pw", "x") == 7..<9)
    #expect(range("u:s3", "redis://u:s3@a", "-u", ["-u", "--uri"]) == 8..<12)
    #expect(range("u:s3", "--uri=redis://u:s3@a", "x", ["-u", "--uri"]) == 14..<18)
    #expect(range("pw", "pw", "--key").isEmpty)
    #expect(range("a", "-a", "x").isEmpty)
    #expect(range("pw", "other", "-a").isEmpty)
    #expect(range("", "", "-a").isEmpty)
  }

  @Test("A message that quotes a URI shows neither user nor password")
  func quotedURI() {
    #expect(hidingPasswords(in: "no 'redis://u:p@w@a' and b://c@d, e://f") == "no 'redis://***@a' and b://***@d, e://f")
    #expect(hidingPasswords(in: "a@b.c") == "a@b.c")
    let outcome = Tool.run("info", "redis://u:s3cret@a", "redis-sentinel://:s3cret@b/m")
    #expect(outcome.status == 64)
    #expect(!outcome.error.contains("s3cret"), "\(outcome.error)")
  }

  @Test("The terminal does not show a password, and shows input again after it")
  func terminal() throws {
    var (master, slave): (Int32, Int32) = (-1, -1)
    try #require(openpty(&master, &slave, nil, nil, nil) == 0)
    for end in [master, slave] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { for end in [master, slave] { close(end) } }
    let (input, output) = (master, slave)
    func showsInput() -> Bool {
      var settings = termios()
      tcgetattr(output, &settings)
      return settings.c_lflag & tcflag_t(ECHO) != 0
    }
    #expect(showsInput())
    Thread.detachNewThread {
      // The question follows after the terminal is changed.
      var question = [UInt8](repeating: 0, count: 64)
      _ = read(input, &question, question.count)
      _ = write(input, "s3cret\n", 7)
    }
    #expect(try Terminal.answer(to: "Password: ", on: output) == Array("s3cret".utf8))
    #expect(showsInput())
    var shown = [UInt8](repeating: 0, count: 256)
    let count = read(input, &shown, shown.count)
    #expect(!String(decoding: shown.prefix(max(count, 0)), as: UTF8.self).contains("s3cret"))
  }
}
