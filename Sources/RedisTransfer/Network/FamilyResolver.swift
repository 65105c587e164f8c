import NIOCore
import NIOPosix
import RDBSupport

/// Looks up the addresses of a host in one address family only.
final class FamilyResolver: Resolver, Sendable {
  private let family: AddressFamily
  private let loop: any EventLoop

  init(_ family: AddressFamily, on loop: any EventLoop) { (self.family, self.loop) = (family, loop) }

  func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
    family == .ipv4 ? look(host, port, AF_INET) : loop.makeSucceededFuture([])
  }

  func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
    family == .ipv6 ? look(host, port, AF_INET6) : loop.makeSucceededFuture([])
  }

  // A look-up cannot be ended: its result is dropped.
  func cancelQueries() {}

  private func look(_ host: String, _ port: Int, _ family: CInt) -> EventLoopFuture<[SocketAddress]> {
    let promise = loop.makePromise(of: [SocketAddress].self)
    // A look-up blocks, and the event loop must not.
    WorkerThread.detach { promise.succeed(Self.addresses(host, port, family)) }
    return promise.futureResult
  }

  private static func addresses(_ host: String, _ port: Int, _ family: CInt) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_family = family
    #if canImport(Glibc)
      hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var first: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &first) == 0 else { return [] }
    defer { freeaddrinfo(first) }
    var addresses: [SocketAddress] = []
    var next = first
    while let entry = next?.pointee {
      next = entry.ai_next
      guard let address = entry.ai_addr else { continue }
      if family == AF_INET {
        addresses.append(
          address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee, host: host) })
      } else {
        addresses.append(
          address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee, host: host) })
      }
    }
    return addresses
  }
}
