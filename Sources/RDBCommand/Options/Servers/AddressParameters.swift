import ArgumentParser
import RedisTransfer

/// The parameters after the `?` of an input's address. They have the names and values of the options about servers:
/// `rediss://host?cacert=ca.pem&timeout=5s`.
struct AddressParameters: ParsableArguments {
  @OptionGroup var server: ServerArguments<OnlyServer>
  @OptionGroup var link: LinkArguments

  /// The parameters with a value. Passwords are in the environment or in files.
  private static let options: Set<String> = [
    "user", "pass-file", "sentinel-user", "sentinel-pass-file", "sni", "cacert", "cacertdir", "cert", "tls-key",
    "sentinel-tls", "announce-map", "connect-timeout", "timeout", "retries",
  ]
  /// The parameters that are on or off.
  private static let flags: Set<String> = ["tls", "insecure", "askpass"]

  /// Returns an address without its parameters, and the options that say the same.
  ///
  /// - Throws: ``Failure``, which repeats nothing of the address but the name of a known parameter.
  static func split(_ uri: String) throws -> (address: String, options: [String]) {
    // After an "@", the text before belongs to a password that is not encoded.
    guard let mark = uri.firstIndex(of: "?"), !uri[mark...].contains("@") else { return (uri, []) }
    var address = String(uri[..<mark])
    var options: [String] = []
    for parameter in uri[uri.index(after: mark)...].split(separator: "&") {
      let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      // As redis-cli names it; --key chooses keys here.
      let name = parts[0] == "key" ? "tls-key" : String(parts[0])
      let value = parts.count == 2 ? try decoded(parts[1]) : ""
      if name == "database" {
        address += "?\(parameter)"
      } else if Self.options.contains(name), !value.isEmpty {
        options.append("--\(name)=\(value)")
      } else if flags.contains(name), ["", "on", "yes"].contains(value) {
        options.append("--\(name)")
      } else if !flags.contains(name) || !["off", "no"].contains(value) {
        throw Failure(
          .usage, "the address of an input has a parameter that is not known, or has not the value that it needs",
          hint: "The parameters are \((Self.options.union(flags)).sorted().joined(separator: ", ")).")
      }
    }
    return (address, options)
  }

  private static func decoded(_ text: Substring) throws -> String {
    do throws(AddressError) {
      return String(decoding: try Percent.decode(text.utf8), as: UTF8.self)
    } catch {
      throw Failure(.usage, "\(error)")
    }
  }

  /// Returns the settings that an address and options say.
  ///
  /// - Throws: ``Failure``.
  static func settings(_ address: String, _ options: [String], _ passwords: PasswordPlaces) throws -> ServerSettings {
    do {
      let arguments = try parse(["--uri=\(address)"] + options)
      return try arguments.server.settings(arguments.link, passwords)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.usage, "the address of an input: \(message(for: error))")
    }
  }
}
