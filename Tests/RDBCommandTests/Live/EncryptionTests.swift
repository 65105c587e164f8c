import Foundation
import TestSupport
import Testing

@Suite("Encrypted connections", .serialized)
struct EncryptionTests {
  private static let input = Fixture.named("redis-6.2.16/sessions").path

  @Test("load, fetch, verify and an address as input work over TLS, with and without a client's certificate")
  func works() throws {
    for asksClients in [true, false] {
      let runs = LiveRuns()
      let tls = try EncryptedServer(asksClients: asksClients)
      defer { tls.stop() }
      let options = tls.trust + (asksClients ? tls.identity : [])
      let end = ["-h", "localhost", "-p", "\(tls.port)"] + options
      let load = try runs.run(["load", Self.input, "--resume", "journal"] + end)
      #expect(load.status == 0, "\(load.error)")
      try runs.expectEqual(Self.input, end)
      let verify = try runs.run(
        ["verify", Self.input, "--against", "rediss://localhost:\(tls.port)"]
          + options.dropFirst().map { $0.replacingOccurrences(of: "--", with: "--against-") })
      #expect(verify.status == 0, "\(verify.text)\(verify.error)")
      var parameters = "cacert=\(tls.certificates.authority)&timeout=5s"
      if asksClients {
        parameters += "&cert=\(tls.certificates.certificate("client"))&key=\(tls.certificates.key("client"))"
      }
      let info = try runs.run(["keys", "rediss://localhost:\(tls.port)?\(parameters)"])
      #expect(info.status == 0, "\(info.error)")
      #expect(info.text.split(separator: "\n").count == tls.server.keyCount)
    }
  }

  @Test("Another authority, another host, and a client without a certificate are refused with exit code 69")
  func refusals() throws {
    let runs = LiveRuns()
    let other = try TestCertificates(server: "DNS:elsewhere.example")
    let tls = try EncryptedServer("DNS:localhost,IP:127.0.0.1")
    defer { tls.stop() }
    let named = try EncryptedServer("DNS:redis.example", asksClients: false)
    defer { named.stop() }
    let addressed = try EncryptedServer("IP:127.0.0.1", asksClients: false)
    defer { addressed.stop() }
    let refusals: [(host: String, of: EncryptedServer, options: [String], words: String)] = [
      ("localhost", tls, ["--tls", "--cacert", other.authority] + tls.identity, "signed by no authority"),
      ("localhost", tls, ["--tls"] + tls.identity, "signed by no authority"),
      ("localhost", named, named.trust, "names neither the host nor the address"),
      ("127.0.0.1", named, named.trust, "names neither the host nor the address"),
      ("localhost", addressed, addressed.trust, "names its address, not the host"),
      ("localhost", tls, tls.trust + ["--sni", "elsewhere.example"], "names its address, not the host"),
      ("localhost", tls, tls.trust, "certificate required"),
    ]
    for refusal in refusals {
      let arguments = ["load", Self.input, "-h", refusal.host, "-p", "\(refusal.of.port)", "--retries", "0"]
      let outcome = try runs.run(arguments + refusal.options, atMost: 20)
      #expect(outcome.status == 69, "\(refusal.words): \(outcome.error)")
      #expect(outcome.error.contains(refusal.words), "\(outcome.error)")
      #expect(refusal.of.server.keyCount == 0)
    }
    let named2 = try runs.run(
      ["load", Self.input, "-h", "localhost", "-p", "\(named.port)", "--sni", "redis.example"] + named.trust)
    #expect(named2.status == 0, "\(named2.error)")
  }

  @Test("Parameters of an input's address that are not known, or contradict each other, are exit code 64")
  func parameters() throws {
    for parameters in ["secret=1", "cacert", "tls=perhaps", "cert=c.pem", "timeout=soon", "insecure&cacert=c.pem"] {
      let outcome = Tool.run("json", "rediss://127.0.0.1:1?\(parameters)")
      #expect(outcome.status == 64, "\(parameters): \(outcome.error)")
      #expect(!outcome.error.contains("secret"))
    }
    #expect(Tool.run("json", "redis://127.0.0.1:1?tls=no&retries=0&connect-timeout=1s").status == 69)
  }
}
