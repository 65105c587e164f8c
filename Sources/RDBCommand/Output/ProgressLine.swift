import RDB
import RDBSupport
import Synchronization

/// The progress of reading, on the last line of a terminal.
///
/// A thread loads the reader's byte counter five times a second, so that progress costs the reader nothing.
final class ProgressLine: Sendable {
  /// The number of bytes read so far, and of all bytes if that is known.
  struct Position: Sendable {
    var read: @Sendable () -> Int
    var total: UInt64?
  }

  private let position: Position
  private let isTerminal: Bool
  private let start = monotonicSeconds
  private struct State {
    var hasEnded = false
    var isVisible = false
    var meter: RateMeter
  }
  private let state: Mutex<State>

  /// Starts to show progress.
  ///
  /// - Parameter isTerminal: Whether to rewrite one line; otherwise a line is added every two seconds.
  init(_ position: Position, isTerminal: Bool) {
    self.position = position
    self.isTerminal = isTerminal
    state = Mutex(State(meter: RateMeter(at: start)))
    Interrupts.setProgress(self)
    WorkerThread.detach { [self] in
      repeat { usleep(isTerminal ? 200_000 : 2_000_000) } while update()
    }
  }

  /// Removes the line; if lines are not rewritten, adds one with the total time.
  func end() {
    Interrupts.setProgress(nil)
    state.withLock { state in
      state.hasEnded = true
      clear(&state)
      guard !isTerminal else { return }
      StandardStreams.writeError((LiveProgress.logsJSON ? text(&state) : summary) + "\n")
    }
  }

  /// Removes the line, so that other text can be written to the terminal.
  func clear() {
    state.withLock { clear(&$0) }
  }

  private func clear(_ state: inout State) {
    guard state.isVisible else { return }
    state.isVisible = false
    StandardStreams.writeError("\r\u{1B}[K")
  }

  /// - Returns: Whether reading goes on.
  private func update() -> Bool {
    state.withLock { state in
      if state.hasEnded { return false }
      // A short run shows no progress.
      if isTerminal && monotonicSeconds - start < 0.5 { return true }
      let line = text(&state)
      if isTerminal {
        state.isVisible = true
        StandardStreams.writeError("\r\(line.prefix(max(windowWidth - 1, 0)))\u{1B}[K")
      } else {
        StandardStreams.writeError(line + "\n")
      }
      return true
    }
  }

  private func text(_ state: inout State) -> String {
    let count = position.read()
    let rate = state.meter.rate(at: monotonicSeconds, count: Double(count))
    if LiveProgress.logsJSON { return LiveProgress.line(bytesPerSecond: rate) }
    return progressText(count: count, total: position.total, bytesPerSecond: rate) + LiveProgress.note
  }

  private var summary: String {
    let count = Double(position.read())
    let seconds = max(monotonicSeconds - start, 0.001)
    return "rdb: \(readable(byteCount: count)) read in \(clock(Int(seconds.rounded()))), "
      + "\(readable(byteCount: count / seconds))/s"
  }

  /// The current width of the terminal in columns; 80 if it is not known.
  private var windowWidth: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// The text of a line: `rdb: 43 %, 430 MB of 1.0 GB, 512 MB/s, 0:01 left`.
func progressText(count: Int, total: UInt64?, bytesPerSecond: Double) -> String {
  var parts: [String] = []
  let read = readable(byteCount: Double(count))
  if let total, total > 0 {
    parts.append("\(Int(min(Double(count) / Double(total), 1) * 100)) %")
    parts.append("\(read) of \(readable(byteCount: Double(total)))")
  } else {
    parts.append(read)
  }
  parts.append("\(readable(byteCount: bytesPerSecond))/s")
  if let total, bytesPerSecond > 0 {
    let rest = max(Double(total) - Double(count), 0) / bytesPerSecond
    if rest < 360_000 { parts.append("\(clock(Int(rest.rounded(.up)))) left") }
  }
  return "rdb: " + parts.joined(separator: ", ")
}

/// A duration in hours, minutes and seconds: `1:05:09`, `5:09`.
func clock(_ seconds: Int) -> String {
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
  let rest = two(seconds % 60)
  return hours > 0 ? "\(hours):\(two(minutes)):\(rest)" : "\(minutes):\(rest)"
}

/// A rate that is smoothed over about three seconds.
private struct RateMeter: Sendable {
  private var time: Double
  private var count = 0.0
  private var smoothed: Double?

  init(at time: Double) { self.time = time }

  /// Returns the rate in bytes per second, in which recent seconds weigh most.
  mutating func rate(at now: Double, count newCount: Double) -> Double {
    let seconds = now - time
    guard seconds > 0.001 else { return smoothed ?? 0 }
    let current = (newCount - count) / seconds
    let weight = min(seconds / 3, 1)
    smoothed = smoothed.map { $0 + (current - $0) * weight } ?? current
    (time, count) = (now, newCount)
    return smoothed ?? 0
  }
}
