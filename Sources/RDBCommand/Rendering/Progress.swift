import RDB
import RDBSupport
import Synchronization

/// How far the reading is, on the last line of a terminal.
///
/// A thread looks at the reader's counter five times a second; the reader itself does nothing for it.
final class ProgressLine: Sendable {
  /// Bytes read so far, and of how many, where that is known.
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
  /// - Parameter isTerminal: One line that is rewritten; else a line now and then.
  init(_ position: Position, isTerminal: Bool) {
    self.position = position
    self.isTerminal = isTerminal
    state = Mutex(State(meter: RateMeter(at: start)))
    Interrupts.setProgress(self)
    startThread { [self] in
      repeat { usleep(isTerminal ? 200_000 : 2_000_000) } while update()
    }
  }

  /// Takes the line away; where lines are not rewritten, says how long all took.
  func end() {
    Interrupts.setProgress(nil)
    state.withLock { state in
      state.hasEnded = true
      clear(&state)
      if !isTerminal { StandardStreams.writeError(summary + "\n") }
    }
  }

  /// Makes room for other text on the terminal.
  func clear() {
    state.withLock { clear(&$0) }
  }

  private func clear(_ state: inout State) {
    guard state.isVisible else { return }
    state.isVisible = false
    StandardStreams.writeError("\r\u{1B}[K")
  }

  /// - Returns: Whether to go on.
  private func update() -> Bool {
    state.withLock { state in
      if state.hasEnded { return false }
      // What takes no time needs no progress.
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
    return progressText(count: count, total: position.total, bytesPerSecond: rate)
  }

  private var summary: String {
    let count = Double(position.read())
    let seconds = max(monotonicSeconds - start, 0.001)
    return "rdb: \(readable(byteCount: count)) read in \(clock(Int(seconds.rounded()))), "
      + "\(readable(byteCount: count / seconds))/s"
  }

  /// Columns of the terminal now; 80 where it does not say.
  private var windowWidth: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// `rdb: 43 %, 430 MB of 1.0 GB, 512 MB/s, 0:01 left`
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

/// A time as a clock shows it: `1:05:09`, `5:09`.
func clock(_ seconds: Int) -> String {
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
  let rest = two(seconds % 60)
  return hours > 0 ? "\(hours):\(two(minutes)):\(rest)" : "\(minutes):\(rest)"
}

/// A rate that follows what happens now, without jumping.
private struct RateMeter: Sendable {
  private var time: Double
  private var count = 0.0
  private var smoothed: Double?

  init(at time: Double) { self.time = time }

  /// Bytes a second; what was a few seconds ago counts little.
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
