import ArgumentParser
import RDBSupport

/// A part of all keys, in percent: `1%`, `0.5%`.
struct SampleShare: Hashable, Sendable, ExpressibleByArgument {
  /// The text of the option.
  let text: String
  let sample: KeySample

  init?(argument: String) {
    guard argument.hasSuffix("%"), let percent = Double(argument.dropLast()), percent > 0, percent <= 100 else {
      return nil
    }
    (text, sample) = (argument, KeySample(fraction: percent / 100))
  }
}
