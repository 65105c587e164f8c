/// A host and a port.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  /// A name or an address; an IPv6 address is without brackets.
  package var host: String
  package var port: UInt16

  package init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

  /// `host:port`, with brackets around an IPv6 address.
  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
