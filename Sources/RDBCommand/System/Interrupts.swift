import RDBSupport
import Synchronization

/// The handling of Ctrl-C, `kill` and a closed terminal, so that no incomplete file is left.
///
/// The signals are blocked in all threads, and one thread waits for them, so that the code that handles them is ordinary
/// code and not a signal handler.
enum Interrupts {
  /// A file or folder that is not complete yet.
  struct Partial: Sendable {
    var path: String
    /// The name under which it is kept; `nil` if it is removed.
    var keptAs: String?

    /// Removes the file or folder, or renames it to the name under which it is kept.
    func abandon() {
      if let keptAs {
        _ = rename(path, keptAs)
      } else if unlink(path) != 0 {
        Folder.remove(path)
      }
    }
  }

  private struct State {
    var partials: [Partial] = []
    /// Programs that were started, with the folders that they use.
    var children: [(identifier: pid_t, folder: String)] = []
    var progress: ProgressLine?
    /// A terminal whose echo is off while a password is typed, and its settings from before.
    var terminal: (descriptor: Int32, settings: termios)?
    /// The action on the first Ctrl-C, after which the next one ends the process; `nil`: the first one does.
    var firstInterrupt: (@Sendable () -> Void)?

    mutating func restoreTerminal() {
      guard var terminal = terminal.take() else { return }
      tcsetattr(terminal.descriptor, TCSAFLUSH, &terminal.settings)
    }
  }
  private static let state = Mutex(State())

  /// Starts to wait for signals. Writing to a closed pipe, or beyond the largest size of a file, becomes an error
  /// instead of a signal.
  ///
  /// Called once, before other threads are started.
  static func install() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let awaited = signals
    // Without the thread, signals have their default effect.
    WorkerThread.detach {
      var awaited = awaited
      var number: Int32 = 0
      repeat {
        while sigwait(&awaited, &number) != 0 {}
      } while number == SIGINT && takesFirstInterrupt()
      end(by: number)
    }
  }

  /// Whether the signal is ignored, as under `nohup` or in the background of a script. It stays ignored.
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

  /// Runs the action on the first Ctrl-C, if there is one.
  private static func takesFirstInterrupt() -> Bool {
    guard let action = state.withLock({ $0.firstInterrupt.take() }) else { return false }
    action()
    return true
  }

  /// Sets an action on the first Ctrl-C. The next one ends the process.
  static func setFirstInterrupt(_ action: (@Sendable () -> Void)?) {
    state.withLock { $0.firstInterrupt = action }
  }

  /// Ends the process as a signal does: removes incomplete files, and ends programs that were started.
  ///
  /// - Parameter hint: A sentence that says what to do next.
  static func end(by number: Int32, hint: String? = nil) -> Never {
    // The lock is kept, so that no file is finished from here on.
    state.withLock { state in
      state.progress?.clear()
      state.restoreTerminal()
      for partial in state.partials { partial.abandon() }
      for child in state.children {
        kill(child.identifier, SIGKILL)
        Folder.remove(child.folder)
      }
      StandardStreams.writeError("rdb: interrupted\n" + (hint.map { "\($0)\n" } ?? ""))
      _exit(128 + number)
    }
  }

  /// Adds an incomplete file, which an interruption abandons.
  static func add(_ partial: Partial) {
    state.withLock { $0.partials.append(partial) }
  }

  /// Adds a program that was started, which an interruption ends, with the folder that it uses.
  static func add(_ child: pid_t, folder: String) {
    state.withLock { $0.children.append((child, folder)) }
  }

  /// Removes a program that has ended.
  static func removeChild(_ child: pid_t) {
    state.withLock { $0.children.removeAll { $0.identifier == child } }
  }

  /// Runs `finish`, which finishes the file at `path`, and removes the file from the list, without a signal in between.
  static func settle<Result: Sendable>(_ path: String, _ finish: () -> Result) -> Result {
    state.withLock { state in
      let result = finish()
      state.partials.removeAll { $0.path == path }
      return result
    }
  }

  /// Sets the progress line, which is removed before the process ends.
  static func setProgress(_ line: ProgressLine?) {
    state.withLock { $0.progress = line }
  }

  /// Notes the settings of a terminal that are to be changed, so that they are restored before the process ends.
  static func setTerminal(_ descriptor: Int32, _ settings: termios) {
    state.withLock { $0.terminal = (descriptor, settings) }
  }

  /// Restores the settings of the terminal.
  static func restoreTerminal() { state.withLock { $0.restoreTerminal() } }
}
