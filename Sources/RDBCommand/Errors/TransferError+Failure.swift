import RDBConvert
import RedisTransfer

extension TransferError: EndOfTransfer {}
extension LoadStop: EndOfTransfer {}
extension FirstLosses: EndOfTransfer {}

/// The exit code and the message of an error of a live server.
extension TransferError {
  /// The exit code. Only this property maps errors of servers to codes.
  package var exitCode: ExitCode {
    switch condition {
    case .unreachable, .encryption, .closed, .timedOut, .noMaster, .noReplica, .stillLoading: .unreachable
    case .refused(_, let error): error.remedy == .changingCredentials ? .noPermission : .refused
    case .malformedSnapshot(let error): error.kind == .truncated ? .unreachable : .refused
    case .unexpectedReply, .malformedReply, .notMaster: .refused
    case .badSetting, .notCluster: .usage
    }
  }

  /// Returns the failure that ends the process.
  var failure: Failure { Failure(exitCode, "\(self)", hint: hint) }

  private var hint: String? {
    switch condition {
    case .unreachable: "Compare host and port with those of redis-cli -h HOST -p PORT ping."
    case .encryption:
      "--cacert names the authority that signed the server's certificate, --sni the name in the certificate."
    case .notMaster: "Give the address of its master, or of the sentinels (redis-sentinel://host:26379/name)."
    case .notCluster: "Give its address as redis://host:port."
    case .timedOut: "--timeout allows more."
    case .refused("PSYNC", _), .refused("SYNC", _), .refused("REPLCONF", _):
      "rdb fetch --scan reads the keys without a synchronisation."
    case .refused(_, let error): error.hint
    case .noMaster: "redis-cli -p 26379 SENTINEL MASTERS lists the names that a sentinel knows."
    case .noReplica: "--allow-sentinel-entry reads from the master; --scan reads without a synchronisation."
    case .closed, .unexpectedReply, .malformedReply, .malformedSnapshot, .badSetting, .stillLoading: nil
    }
  }
}

extension ServerError {
  /// The next step for the user.
  var hint: String? {
    switch kind {
    case .authenticationRequired: "Give the password in REDISCLI_AUTH, with --pass-file, or at a prompt (--askpass)."
    case .wrongPassword: "The server does not know this user with this password."
    case .passwordNotConfigured: "The server has no password: leave it out."
    case .noPermission: "The words above name what the user's ACL rules lack."
    case .outOfMemory: "Raise maxmemory at the server, or load fewer keys."
    case .cannotSave: "The server cannot save to its disk: free some space, or see its log."
    default: nil
    }
  }
}
