extension ServerAddress {
  /// Parses a URI.
  ///
  /// - `redis://` and `rediss://[user:password@]host[:port][/database]`
  /// - `redis-socket://[user:password@]/path[?database=number]`
  /// - `redis-sentinel://[user:password@]host[:port],…/master-name[/database]`
  /// - `redis-cluster://[user:password@]host[:port],…[/database]`
  ///
  /// Text without a colon before the `@` is a password, as `redis-cli -u` reads it. User, password, path and the name of
  /// the master are percent-encoded, and can be any bytes but zero (a password any bytes at all). An IPv6 address is in
  /// brackets. The default port is 6379, and 26379 for sentinels.
  ///
  /// - Throws: ``AddressError``, which repeats nothing of the text.
  package init(uri: String) throws(AddressError) {
    let text = ArraySlice(uri.utf8)
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), text[colon...].starts(with: "://".utf8) else {
      throw .unknownScheme
    }
    let parts = try URIParts(text[(colon + 3)...])
    let credentials = try parts.userInfo.map(Self.credentials)
    switch String(decoding: text[..<colon], as: UTF8.self).lowercased() {
    case "redis": self = try Self.server(parts, usesTLS: false)
    case "rediss": self = try Self.server(parts, usesTLS: true)
    case "redis-socket": self = try Self.socket(parts)
    case "redis-sentinel": self = try Self.sentinels(parts)
    case "redis-cluster":
      let endpoints = try Endpoint.list(parts, defaultPort: 6379)
      self.init(.cluster(endpoints), database: try Self.database(parts.path, at: 0))
    default: throw .unknownScheme
    }
    self.credentials = credentials
  }

  private static func server(_ parts: URIParts, usesTLS: Bool) throws(AddressError) -> ServerAddress {
    let endpoints = try Endpoint.list(parts, defaultPort: 6379)
    guard endpoints.count == 1 else { throw .severalHosts }
    return ServerAddress(.server(endpoints[0]), usesTLS: usesTLS, database: try database(parts.path, at: 0))
  }

  private static func sentinels(_ parts: URIParts) throws(AddressError) -> ServerAddress {
    let endpoints = try Endpoint.list(parts, defaultPort: 26379)
    guard let first = parts.path.first, !first.isEmpty else { throw .missingMasterName }
    let name = try Percent.decode(first)
    guard !name.contains(0) else { throw .zeroByte }
    return ServerAddress(.sentinels(endpoints, masterName: name), database: try database(parts.path, at: 1))
  }

  private static func socket(_ parts: URIParts) throws(AddressError) -> ServerAddress {
    guard parts.authority.isEmpty else { throw .missingSocketPath }
    let path = try Percent.decode(parts.path.map { [UInt8(ascii: "/")] + $0 }.joined())
    guard path.count > 1 else { throw .missingSocketPath }
    guard !path.contains(0) else { throw .zeroByte }
    guard let query = parts.query else { return ServerAddress(.socket(path)) }
    guard query.starts(with: "database=".utf8) else { throw .surplusQuery }
    return ServerAddress(.socket(path), database: try number(query.dropFirst(9)))
  }

  private static func credentials(_ text: ArraySlice<UInt8>) throws(AddressError) -> Credentials {
    let pieces = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard pieces.count <= 2 else { throw .unencodedCredentials }
    let user = pieces.count == 2 ? try Percent.decode(pieces[0]) : []
    let password = try Percent.decode(pieces[pieces.count - 1])
    guard !user.contains(0) else { throw .zeroByte }
    // A user whose ACL rule is `nopass` may have an empty password.
    guard !user.isEmpty || !password.isEmpty else { throw .missingPassword }
    return Credentials(user: user.isEmpty ? nil : user, password: Secret(password))
  }

  /// Returns the database in the last part of a path, which has the index `index`.
  private static func database(_ path: [ArraySlice<UInt8>], at index: Int) throws(AddressError) -> Int32 {
    guard path.count <= index + 1 else { throw .surplusPath }
    guard path.count > index, !path[index].isEmpty else { return 0 }
    return try number(path[index])
  }

  private static func number(_ digits: ArraySlice<UInt8>) throws(AddressError) -> Int32 {
    guard digits.allSatisfy({ $0 >= 48 && $0 <= 57 }), let number = Int32(String(decoding: digits, as: UTF8.self))
    else { throw .badDatabase }
    return number
  }
}

/// The parts of a URI after its scheme.
private struct URIParts {
  /// The text before the `@`.
  var userInfo: ArraySlice<UInt8>?
  /// The hosts.
  var authority: ArraySlice<UInt8>
  /// The text between the slashes after the hosts; empty without a slash.
  var path: [ArraySlice<UInt8>]
  /// The text after the `?`, which only a socket has.
  var query: ArraySlice<UInt8>?

  init(_ text: ArraySlice<UInt8>) throws(AddressError) {
    let end = text.firstIndex { "/?#".utf8.contains($0) } ?? text.endIndex
    var authority = text[..<end]
    // An "@" is encoded in each part but before the hosts. Here it shows that the password is not encoded.
    guard !text[end...].contains(UInt8(ascii: "@")) else { throw .unencodedCredentials }
    if let at = authority.firstIndex(of: UInt8(ascii: "@")) {
      userInfo = authority[..<at]
      authority = authority[(at + 1)...]
      guard !authority.contains(UInt8(ascii: "@")) else { throw .unencodedCredentials }
    }
    self.authority = authority
    let queryStart = text[end...].firstIndex { "?#".utf8.contains($0) } ?? text.endIndex
    if queryStart < text.endIndex {
      guard text[queryStart] == UInt8(ascii: "?") else { throw .surplusQuery }
      query = text[(queryStart + 1)...]
    }
    path = text[end..<queryStart].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    if !path.isEmpty { path.removeFirst() }
  }
}

extension Endpoint {
  /// Parses the hosts of a URI that has no query.
  fileprivate static func list(_ parts: URIParts, defaultPort: UInt16) throws(AddressError) -> [Endpoint] {
    guard parts.query == nil else { throw .surplusQuery }
    var endpoints: [Endpoint] = []
    for text in parts.authority.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      endpoints.append(try Endpoint(text, defaultPort: defaultPort))
    }
    return endpoints
  }

  /// Parses `host`, `host:port`, `[address]` or `[address]:port`.
  fileprivate init(_ text: ArraySlice<UInt8>, defaultPort: UInt16) throws(AddressError) {
    let (host, port) = try Self.parts(of: text)
    self.init(host: host, port: port ?? defaultPort)
  }

  /// Returns the host and the port, if there is one, of `host`, `host:port`, `[address]` or `[address]:port`.
  static func parts(of text: ArraySlice<UInt8>) throws(AddressError) -> (host: String, port: UInt16?) {
    var host = text
    var rest = text[text.endIndex...]
    if text.first == UInt8(ascii: "[") {
      guard let close = text.firstIndex(of: UInt8(ascii: "]")) else { throw .unbracketedAddress }
      host = text[(text.startIndex + 1)..<close]
      rest = text[(close + 1)...]
      guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { throw .badHost }
    } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
      host = text[..<colon]
      rest = text[colon...]
      guard !rest.dropFirst().contains(UInt8(ascii: ":")) else { throw .unbracketedAddress }
    }
    guard !host.isEmpty else { throw .missingHost }
    let decoded = try Percent.decode(host)
    let isBracketed = text.first == UInt8(ascii: "[")
    // A zone follows the address after a "%": fe80::1%eth0.
    let extra = isBracketed ? ":%" : ""
    guard decoded.allSatisfy({ Percent.isUnreserved($0) || extra.utf8.contains($0) }),
      !isBracketed || decoded.contains(UInt8(ascii: ":"))
    else { throw .badHost }
    let name = String(decoding: decoded, as: UTF8.self)
    guard !rest.isEmpty else { return (name, nil) }
    let digits = rest.dropFirst()
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }),
      let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0
    else { throw .badPort }
    return (name, port)
  }
}
