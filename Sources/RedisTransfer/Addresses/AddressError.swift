/// The reason why a text is not the address of a server.
///
/// No case holds a part of the text, because a misplaced character can make any part of it belong to the password.
package enum AddressError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknownScheme
  case missingHost
  case badHost
  case unbracketedAddress
  case badPort
  case badDatabase
  case badEscape
  case missingPassword
  case unencodedCredentials
  case severalHosts
  case missingMasterName
  case missingSocketPath
  case zeroByte
  case surplusPath
  case surplusQuery

  package var description: String {
    switch self {
    case .unknownScheme:
      "an address begins with redis://, rediss://, redis-socket://, redis-sentinel:// or redis-cluster://"
    case .missingHost: "the address has no host"
    case .badHost: "the host of the address has a character that no host has"
    case .unbracketedAddress: "an IPv6 address needs brackets: [::1]:6379"
    case .badPort: "the port of the address is not a number from 1 to 65535"
    case .badDatabase: "the database of the address is not a number from 0 to \(Int32.max)"
    case .badEscape: "a \"%\" in the address is not followed by two hexadecimal digits"
    case .missingPassword: "the address has an \"@\" but no password before it"
    case .unencodedCredentials:
      "the user or the password in the address has one of the characters @ : / ? # in plain form; "
        + "write %40 %3A %2F %3F %23 instead"
    case .severalHosts: "only redis-sentinel:// and redis-cluster:// take several hosts"
    case .missingMasterName:
      "the address of sentinels ends with the name of the master: redis-sentinel://host:26379/name"
    case .missingSocketPath: "the address has no path of a socket: redis-socket:///run/redis.sock"
    case .zeroByte: "the path of a socket, a user or the name of a master cannot have a zero byte"
    case .surplusPath: "the path of the address has too many parts"
    case .surplusQuery: "the address has a part after \"?\" or \"#\" that its scheme does not have"
    }
  }
}
