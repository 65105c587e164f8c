import RedisTransfer
import Testing

@Suite("Addresses of servers")
struct AddressTests {
  private static func credentials(_ user: String?, _ password: String) -> Credentials {
    Credentials(user: user.map { Array($0.utf8) }, password: Secret(password.utf8))
  }

  static let rows: [(uri: String, address: ServerAddress)] = [
    ("redis://host", ServerAddress(.server(Endpoint(host: "host", port: 6379)))),
    ("REDIS://host/", ServerAddress(.server(Endpoint(host: "host", port: 6379)))),
    ("redis://10.0.0.1:7000/15", ServerAddress(.server(Endpoint(host: "10.0.0.1", port: 7000)), database: 15)),
    ("rediss://a_b.c-d:1", ServerAddress(.server(Endpoint(host: "a_b.c-d", port: 1)), usesTLS: true)),
    ("redis://[::1]", ServerAddress(.server(Endpoint(host: "::1", port: 6379)))),
    ("redis://[fe80::1%25eth0]:65535", ServerAddress(.server(Endpoint(host: "fe80::1%eth0", port: 65535)))),
    (
      "redis://alice:p@host",
      ServerAddress(.server(Endpoint(host: "host", port: 6379)), credentials: credentials("alice", "p"))
    ),
    (
      "redis://:p%40%3a%2F@host",
      ServerAddress(.server(Endpoint(host: "host", port: 6379)), credentials: credentials(nil, "p@:/"))
    ),
    (
      "redis://password-alone@host",
      ServerAddress(.server(Endpoint(host: "host", port: 6379)), credentials: credentials(nil, "password-alone"))
    ),
    (
      "redis://alice:@host",
      ServerAddress(.server(Endpoint(host: "host", port: 6379)), credentials: credentials("alice", ""))
    ),
    ("redis-socket:///run/redis.sock", ServerAddress(.socket(Array("/run/redis.sock".utf8)))),
    (
      "redis-socket://alice:p@/run/a%20b%FF?database=3",
      ServerAddress(.socket(Array("/run/a b".utf8) + [0xFF]), credentials: credentials("alice", "p"), database: 3)
    ),
    (
      "redis-sentinel://s1,s2:5,[::1]:6/my%2Fmaster/2",
      ServerAddress(
        .sentinels(
          [Endpoint(host: "s1", port: 26379), Endpoint(host: "s2", port: 5), Endpoint(host: "::1", port: 6)],
          masterName: Array("my/master".utf8)),
        database: 2)
    ),
    (
      "redis-cluster://u:p@n1:7000,n2",
      ServerAddress(
        .cluster([Endpoint(host: "n1", port: 7000), Endpoint(host: "n2", port: 6379)]),
        credentials: credentials("u", "p"))
    ),
  ]

  @Test("Are parsed from URIs")
  func parses() throws {
    for row in Self.rows { #expect(try ServerAddress(uri: row.uri) == row.address, "\(row.uri)") }
  }

  @Test("Are described as a URI that leads to the same server, without user and password")
  func description() throws {
    for row in Self.rows {
      var address = row.address
      let text = address.description
      address.credentials = nil
      #expect(try ServerAddress(uri: text) == address, "\(text)")
    }
  }

  @Test("Have passwords of any bytes")
  func binaryPassword() throws {
    let escaped = (0...255).map { byte in
      let digits = String(byte, radix: 16)
      return "%" + (digits.count == 1 ? "0" : "") + digits
    }
    let address = try ServerAddress(uri: "redis://u:\(escaped.joined())@host")
    #expect(address.credentials?.password.bytes == (0...255).map { UInt8($0) })
  }

  static let wrong: [(uri: String, error: AddressError)] = [
    ("", .unknownScheme),
    ("s3cret", .unknownScheme),
    ("s3cret@host:6379", .unknownScheme),
    ("http://u:s3cret@host", .unknownScheme),
    ("redis:/u:s3cret@host", .unknownScheme),
    ("redis://", .missingHost),
    ("redis://u:s3cret@", .missingHost),
    ("redis://:6379", .missingHost),
    ("redis://u:s3cret@/3", .missingHost),
    ("redis://@host", .missingPassword),
    ("redis://:@host", .missingPassword),
    ("redis://u:s3cret@ho st", .badHost),
    ("redis://u:s3cret@host%00", .badHost),
    ("redis://[::1", .unbracketedAddress),
    ("redis://u:s3cret@::1", .unbracketedAddress),
    ("redis://[::1]6379", .badHost),
    ("redis://[name]", .badHost),
    ("redis://u:s3cret@host:", .badPort),
    ("redis://u:s3cret@host:0", .badPort),
    ("redis://u:s3cret@host:65536", .badPort),
    ("redis://u:s3cret@host:+1", .badPort),
    ("redis://u:s3cret", .badPort),
    ("redis://host/-1", .badDatabase),
    ("redis://host/2147483648", .badDatabase),
    ("redis://u:s3cret@host/x", .badDatabase),
    ("redis-socket:///a?database=", .badDatabase),
    ("redis://u:s3cret%@host", .badEscape),
    ("redis://u:%4gs3cret@host", .badEscape),
    ("redis://u:s3c@ret@host", .unencodedCredentials),
    ("redis://u:s3c/ret@host", .unencodedCredentials),
    ("redis://u:s3c?ret@host", .unencodedCredentials),
    ("redis://u:s3c#ret@host", .unencodedCredentials),
    ("redis://u:s3c:ret@host", .unencodedCredentials),
    ("redis://u%00:s3cret@host", .zeroByte),
    ("redis://u:s3cret@a,b", .severalHosts),
    ("redis-sentinel://u:s3cret@a,b", .missingMasterName),
    ("redis-sentinel://a//2", .missingMasterName),
    ("redis-sentinel://a,,b/m", .missingHost),
    ("redis-socket://u:s3cret@", .missingSocketPath),
    ("redis-socket:///", .missingSocketPath),
    ("redis-socket://run/a", .missingSocketPath),
    ("redis-socket:///a%00", .zeroByte),
    ("redis-socket:///a?b=1", .surplusQuery),
    ("redis://host?database=1", .surplusQuery),
    ("redis://host/1#m", .surplusQuery),
    ("redis://host/1/2", .surplusPath),
    ("redis-sentinel://a/m/1/2", .surplusPath),
  ]

  @Test("Are refused for a named reason that repeats nothing of the password")
  func refused() {
    for row in Self.wrong {
      let error = #expect(throws: AddressError.self, "\(row.uri)") { try ServerAddress(uri: row.uri) }
      #expect(error == row.error, "\(row.uri)")
      for part in ["s3c", "ret@", "s3cret"] { #expect(error?.description.contains(part) == false) }
    }
  }

  @Test("Show their password in no description, reflection or dump")
  func hidden() throws {
    let address = try ServerAddress(uri: "rediss://alice:s3cret@host:1/2")
    let credentials = try #require(address.credentials)
    var texts = [
      "\(address)", String(reflecting: address), "\(credentials)", String(reflecting: credentials),
      "\(credentials.password)", String(reflecting: credentials.password), "\(Optional(credentials) as Any)",
      "\([credentials])",
    ]
    var dumped = ""
    dump(address, to: &dumped)
    dump(credentials.password, to: &dumped)
    texts.append(dumped)
    let bytes = "\(Array("s3cret".utf8))".dropFirst().dropLast()
    for text in texts {
      #expect(!text.contains("s3cret"))
      #expect(!text.contains(bytes))
    }
    #expect(!dumped.contains("\(UInt8(ascii: "3"))\n"))
    #expect(Mirror(reflecting: credentials.password).children.isEmpty)
    #expect(credentials.description == "user \"alice\"")
  }
}
