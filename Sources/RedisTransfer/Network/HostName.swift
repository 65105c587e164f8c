import NIOSSL

/// The name of a host, compared with the DNS names of a certificate (RFC 6125, section 6.4).
package struct HostName {
  private let labels: [[UInt8]]

  package init(_ name: String) { self.init(Array(name.utf8)) }

  private init(_ name: [UInt8]) {
    let lowercase = name.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    let period = UInt8(ascii: ".")
    labels = (lowercase.last == period ? lowercase.dropLast() : lowercase[...])
      .split(separator: period, omittingEmptySubsequences: false).map(Array.init)
  }

  /// Whether one of the names, or a pattern such as `*.example.com` among them, is this name. `nil`, the names of a
  /// certificate without alternative names, is.
  package func isAmong(_ names: [[UInt8]]?) -> Bool { names.map { $0.contains(where: matches) } ?? true }

  private func matches(_ pattern: [UInt8]) -> Bool {
    let other = HostName(pattern).labels
    guard other.count == labels.count, other.dropFirst().elementsEqual(labels.dropFirst()) else { return false }
    // A wildcard stands for the whole first label, of a name with at least three.
    return other[0] == [UInt8(ascii: "*")] ? labels.count > 2 : other[0] == labels[0]
  }
}

extension NIOSSLCertificate {
  /// The DNS names among the alternative names; `nil` if the certificate has none of any kind. The library then compares
  /// its common name.
  var dnsNames: [[UInt8]]? {
    let all = _subjectAlternativeNames()
    return all.isEmpty ? nil : all.filter { $0.nameType == .dnsName }.map { Array($0.contents) }
  }
}
