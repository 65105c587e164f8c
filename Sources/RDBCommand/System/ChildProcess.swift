import RDBSupport

/// A started program, whose output is discarded.
final class ChildProcess {
  let identifier: pid_t
  private var hasEnded = false

  /// Starts a program, which is found in PATH unless its name has a slash.
  ///
  /// - Throws: ``Failure``.
  init(_ arguments: [String], in folder: String) throws {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    // The signals that this process blocks are not blocked in the program.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let code = posix_spawnp(&process, arguments[0], &actions, &attributes, words, environ)
    guard code == 0 else {
      throw Failure(
        .usage, "\(shown(arguments[0])) cannot be started: \(String(cString: strerror(code)))",
        hint: "Install a server, or give the path of its program.")
    }
    identifier = process
  }

  /// Whether the program has not ended.
  var isRunning: Bool {
    if hasEnded { return false }
    var status: Int32 = 0
    hasEnded = waitpid(identifier, &status, WNOHANG) != 0
    return !hasEnded
  }

  /// Ends the program.
  func stop() {
    guard isRunning else { return }
    kill(identifier, SIGKILL)
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    hasEnded = true
  }
}

/// A Unix domain socket.
enum LocalSocket {
  /// Whether a path is short enough for a socket.
  static func fits(_ path: String) -> Bool {
    path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
  }

  /// Sends a request to a server, and returns the beginning of its answer; `nil` if there is none.
  static func ask(_ request: String, at path: String) -> String? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard fits(path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    #if canImport(Darwin)
      let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #else
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #endif
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let isConnected = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard isConnected else { return nil }
    let text = Array(request.utf8)
    guard write(descriptor, text, text.count) == text.count else { return nil }
    var answer = [UInt8](repeating: 0, count: 512)
    let count = read(descriptor, &answer, answer.count)
    return count > 0 ? String(decoding: answer.prefix(count), as: UTF8.self) : nil
  }
}
