import RDBSupport
import Synchronization

/// Ending by Ctrl-C, `kill` or a closed terminal, without leaving half a file behind.
///
/// The signals are blocked in every thread but one, which waits for them: what it does then is ordinary
/// code, not a signal handler.
enum Interrupts {
  /// A file that is not finished yet.
  struct Partial: Sendable {
    var path: String
    /// What to call it when it stays; `nil`: it is removed.
    var keptAs: String?

    /// Removes it, or gives it the name it is kept under.
    func abandon() {
      if let keptAs { _ = rename(path, keptAs) } else { _ = unlink(path) }
    }
  }

  private struct State {
    var partials: [Partial] = []
    var progress: ProgressLine?
  }
  private static let state = Mutex(State())

  /// Begins to wait for signals, and lets writing to a pipe that nobody reads, or
  /// beyond the size a file may have, be an error, not a signal.
  /// Call once, before any other thread is there.
  static func install() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let awaited = signals
    startThread {
      var awaited = awaited
      var number: Int32 = 0
      while sigwait(&awaited, &number) != 0 {}
      end(by: number)
    }
  }

  /// Whoever started us with `nohup`, or in the background of a script, does not want to interrupt us.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static func end(by number: Int32) -> Never {
    // Keeps the lock: nobody finishes a file from here on.
    state.withLock { state in
      state.progress?.clear()
      for partial in state.partials { partial.abandon() }
      StandardStreams.writeError("rdb: interrupted\n")
      _exit(128 + number)
    }
  }

  /// Notes a file that must not survive an interruption as it is.
  static func add(_ partial: Partial) {
    state.withLock { $0.partials.append(partial) }
  }

  /// Does what finishes the file at `path`, and forgets about it. No signal comes between.
  static func settle<Result: Sendable>(_ path: String, _ finish: () -> Result) -> Result {
    state.withLock { state in
      let result = finish()
      state.partials.removeAll { $0.path == path }
      return result
    }
  }

  /// The line to clear before the process ends.
  static func setProgress(_ line: ProgressLine?) {
    state.withLock { $0.progress = line }
  }
}
