import Foundation
import TestSupport
import Testing

/// The job that `Documentation/kubernetes` describes.
@Suite("The migration job for Kubernetes")
struct MigrationJobTests {
  private static let root = URL(fileURLWithPath: Fixture.root).deletingLastPathComponent().path
  private static let manifest = root + "/Documentation/kubernetes/migration-job.yaml"
  private static let python = root + "/.venv-servers/bin/python"

  /// The container of the job, by Python's reader of YAML.
  private struct Container: Decodable {
    struct Variable: Decodable {
      var name: String
      var value: String?
    }
    var command: [String]
    var args: [String]
    var env: [Variable]
  }

  private static func container() throws -> Container {
    let program = """
      import json, sys, yaml
      print(json.dumps(yaml.safe_load(open(sys.argv[1]))["spec"]["template"]["spec"]["containers"][0]))
      """
    return try JSONDecoder().decode(
      Container.self, from: Data(try LiveServer.run(python, ["-c", program, manifest]).utf8))
  }

  @Test("has only fields that the schemas of Kubernetes know")
  func schema() throws {
    let outcome = Tool.shell("'\(Self.python)' -m kubernetes_validate --strict '\(Self.manifest)'")
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
  }

  @Test("has an image whose Dockerfile follows the rules of hadolint")
  func dockerfile() throws {
    let outcome = Tool.shell("'\(Self.root)/.venv-servers/bin/hadolint' '\(Self.root)/Dockerfile'")
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
  }

  @Test("runs as no privileged user, on a file system that it cannot change, without passwords in the manifest")
  func security() throws {
    let text = String(decoding: readFile(Self.manifest), as: UTF8.self)
    for line in ["runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false"] {
      #expect(text.contains(line))
    }
    for variable in try Self.container().env where variable.name.hasSuffix("PASSWORD") {
      #expect(variable.value == nil)
    }
  }

  @Test(
    "moves and compares the keys of a server with a password, when its script runs here",
    arguments: ["", "--follow --cutover-when-lag 0"])
  func runs(options: String) throws {
    let folder = Scratch()
    let input = Fixture.named("redis-6.2.16/sessions")
    let old = try LiveServer(
      atOnce: .redis7, dump: input.bytes,
      arguments: ["--requirepass", "oldWord", "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"])
    defer { old.stop() }
    let new = try LiveServer(atOnce: .redis7, arguments: ["--requirepass", "newWord"])
    defer { new.stop() }
    let container = try Self.container()
    #expect(container.command == ["/bin/sh", "-ec"])
    let here = [
      "OLD": "redis://127.0.0.1:\(old.port)", "NEW": "redis://127.0.0.1:\(new.port)", "SPOOL": folder.path,
      "OPTIONS": options,
      "OLD_PASSWORD": "oldWord", "NEW_PASSWORD": "newWord", "SENTINEL_PASSWORD": "unused",
    ]
    #expect(Set(container.env.map(\.name)) == Set(here.keys))
    let variables = here.map { "export \($0.key)='\($0.value)'\n" }.joined()
    // `rdb` is a function here, which `exec` does not find.
    let script = container.args[0].replacingOccurrences(of: "exec rdb ", with: "rdb ")
    #expect(script != container.args[0])
    let outcome = Tool.shell("set -e\n" + variables + script, in: folder)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    #expect(outcome.text.contains("890 keys equal"), "\(outcome.text)")
  }
}
