/// The addresses that replace those which sentinels and nodes of a cluster announce.
///
/// Servers announce the addresses by which they know each other. A client outside of their network, such as one at the
/// end of a port-forward, reaches them by other addresses.
package struct AnnounceMap: Hashable, Sendable {
  private struct Announced: Hashable, Sendable {
    var host: String
    /// The port; `nil`: each port.
    var port: UInt16?
  }

  private struct Replacement: Hashable, Sendable {
    var host: String
    /// The port; `nil`: the announced one.
    var port: UInt16?
  }

  private var replacements: [Announced: Replacement] = [:]

  package init() {}

  package var isEmpty: Bool { replacements.isEmpty }

  /// Adds an entry: `host:port=host:port`, or `host=host` for all ports of a host, which stay the same.
  ///
  /// - Throws: ``AnnounceMapError``.
  package mutating func add(_ text: String) throws(AnnounceMapError) {
    let sides = Array(text.utf8).split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
    guard sides.count == 2 else { throw .notTwoSides }
    let (announced, reached) = (try Self.side(sides[0]), try Self.side(sides[1]))
    guard (announced.port == nil) == (reached.port == nil) else { throw .portOnOneSide }
    let key = Announced(host: announced.host.lowercased(), port: announced.port)
    guard replacements[key] == nil else { throw .repeated(key.host, key.port) }
    replacements[key] = Replacement(host: reached.host, port: reached.port)
  }

  /// Returns the address by which an announced server is reached. An entry with a port takes precedence.
  package func reached(_ announced: Endpoint) -> Endpoint {
    let host = announced.host.lowercased()
    let replacement =
      replacements[Announced(host: host, port: announced.port)] ?? replacements[Announced(host: host, port: nil)]
    guard let replacement else { return announced }
    return Endpoint(host: replacement.host, port: replacement.port ?? announced.port)
  }

  private static func side(_ text: ArraySlice<UInt8>) throws(AnnounceMapError) -> (host: String, port: UInt16?) {
    do { return try Endpoint.parts(of: text) } catch { throw .badAddress(error) }
  }
}

/// The reason why a text is no entry of an ``AnnounceMap``.
package enum AnnounceMapError: Error, Hashable, Sendable, CustomStringConvertible {
  case notTwoSides
  case portOnOneSide
  case repeated(String, UInt16?)
  case badAddress(AddressError)

  package var description: String {
    switch self {
    case .notTwoSides: "an entry is host:port=host:port, the announced address and the one to connect to"
    case .portOnOneSide: "both addresses of an entry have a port, or neither has"
    case .repeated(let host, let port):
      "\(port.map { "\(Endpoint(host: host, port: $0))" } ?? host) is given twice"
    case .badAddress(let error): "\(error)"
    }
  }
}
