import RDBSupport

/// A user of a server and the password.
package struct Credentials: Hashable, Sendable, CustomStringConvertible {
  /// The name of the user; `nil`: the user `default`.
  package var user: [UInt8]?
  package var password: Secret

  package init(user: [UInt8]? = nil, password: Secret) {
    (self.user, self.password) = (user, password)
  }

  /// The user without the password: `user "alice"`.
  package var description: String { "user \(printable(user ?? Array("default".utf8)))" }
}
