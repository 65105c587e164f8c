import RDB
import RESP

/// The facts about a server that decide whether data can be moved from it or to it.
///
/// The owner sends ``commands`` and gives all replies to ``init(_:)``. A command that the user may not run, or that the
/// server does not have, leaves its fact unknown.
package struct ServerFacts: Hashable, Sendable {
  /// A module of a server.
  package struct Module: Hashable, Sendable {
    package var name: [UInt8]
    package var version: Int64
  }

  /// A command that the server refused.
  package struct Refusal: Hashable, Sendable {
    package var command: String
    package var error: ServerError
  }

  package private(set) var info: ServerInfo
  package private(set) var version: ServerVersion
  /// The modules; `nil` if they are unknown. Servers before 4.0 have none.
  package private(set) var modules: [Module]?
  /// The names of the libraries of functions; `nil` if they are unknown. Servers before 7.0 have none.
  package private(set) var functionLibraries: [[UInt8]]?
  /// The time of the server while it answered; `nil` if it is unknown.
  package private(set) var time: ServerTime?
  /// The events that are published; `nil` if they are unknown, as at most managed services.
  package private(set) var notifications: KeyspaceNotifications?
  /// The limit for replicas; `nil` if it is unknown.
  package private(set) var replicaBufferLimit: OutputBufferLimit?
  /// The commands that were refused, apart from those that the server does not have.
  package private(set) var refusals: [Refusal] = []

  /// The commands to send, in their order.
  package static var commands: [[[UInt8]]] { requests.map { $0.words.map { Array($0.utf8) } } }

  private enum Request: CaseIterable {
    case info, modules, functions, time, notifications, bufferLimit

    var words: [String] {
      switch self {
      case .info: ["INFO"]
      case .modules: ["MODULE", "LIST"]
      case .functions: ["FUNCTION", "LIST"]
      case .time: ["TIME"]
      case .notifications: ["CONFIG", "GET", "notify-keyspace-events"]
      case .bufferLimit: ["CONFIG", "GET", "client-output-buffer-limit"]
      }
    }
  }
  private static let requests = Request.allCases

  /// Reads the replies to ``commands``.
  ///
  /// - Throws: ``Handshake/Failure`` if INFO is refused, or if a reply is one that no server sends.
  package init(_ replies: [RESPValue]) throws(Handshake.Failure) {
    guard replies.count == Self.requests.count else { throw .unexpectedReply(command: "INFO") }
    if let words = replies[0].errorBytes { throw .refused(command: "INFO", ServerError(words)) }
    guard let info = ServerInfo(replies[0]), let version = info.version else {
      throw .unexpectedReply(command: "INFO")
    }
    (self.info, self.version) = (info, version)
    for (request, reply) in zip(Self.requests, replies).dropFirst() {
      if let words = reply.errorBytes {
        refuse(request, ServerError(words))
      } else if !take(request, reply) {
        throw .unexpectedReply(command: request.words.prefix(2).joined(separator: " "))
      }
    }
  }

  /// Notes that a command was refused. A server that does not have the command has nothing of what it lists.
  private mutating func refuse(_ request: Request, _ error: ServerError) {
    guard error.kind == .unknownCommand else {
      refusals.append(Refusal(command: request.words.prefix(2).joined(separator: " "), error: error.withoutArguments()))
      return
    }
    switch request {
    case .modules where !version.isAtLeast(4, 0): modules = []
    case .functions where !version.isAtLeast(7, 0): functionLibraries = []
    default: break
    }
  }

  /// Reads the reply to a command. Returns whether a server sends such a reply.
  private mutating func take(_ request: Request, _ reply: RESPValue) -> Bool {
    switch request {
    case .info: return true
    case .modules:
      modules = reply.elements.flatMap(Self.modules)
      return modules != nil
    case .functions:
      functionLibraries = reply.elements.flatMap(Self.libraries)
      return functionLibraries != nil
    case .time:
      time = ServerTime(reply)
      return time != nil
    case .notifications:
      guard let fields = reply.fields else { return false }
      notifications = fields["notify-keyspace-events"]?.text.map(KeyspaceNotifications.init)
    case .bufferLimit:
      guard let fields = reply.fields else { return false }
      replicaBufferLimit = fields["client-output-buffer-limit"]?.text.flatMap(OutputBufferLimit.init(ofReplicasIn:))
    }
    return true
  }

  private static func modules(_ entries: [RESPValue]) -> [Module]? {
    var modules: [Module] = []
    for entry in entries {
      guard let fields = entry.fields, let name = fields["name"]?.bytes, let version = fields["ver"]?.number
      else { return nil }
      modules.append(Module(name: name, version: version))
    }
    return modules
  }

  private static func libraries(_ entries: [RESPValue]) -> [[UInt8]]? {
    var names: [[UInt8]] = []
    for entry in entries {
      guard let name = entry.fields?["library_name"]?.bytes else { return nil }
      names.append(name)
    }
    return names
  }
}
