import CSupport

/// Sums of numbers in text, computed as INCRBYFLOAT and HINCRBYFLOAT compute them.
///
/// Servers add with C's `long double`, which has 64 bits of precision on x86-64, 113 on Linux for ARM and 53 on macOS
/// for ARM. The sum is that of a server on the same kind of machine.
package enum LongDoubleText {
  /// The result of an addition.
  package enum Sum: Equatable {
    /// The sum with at most 17 decimals, without trailing zeros.
    case text([UInt8])
    /// An operand is not a number.
    case notNumber
    /// The sum is infinite.
    case overflow
  }

  /// Adds two numbers in decimal or hexadecimal text.
  package static func sum(_ first: [UInt8], _ second: [UInt8]) -> Sum {
    var count: Int32 = 0
    let text = [UInt8](unsafeUninitializedCapacity: 5120) { buffer, initializedCount in
      first.withUnsafeBytes { first in
        second.withUnsafeBytes { second in
          count = rdb_long_double_sum(
            first.baseAddress?.assumingMemoryBound(to: CChar.self), first.count,
            second.baseAddress?.assumingMemoryBound(to: CChar.self), second.count,
            UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self))
        }
      }
      initializedCount = Int(max(0, count))
    }
    switch count {
    case 0: return .notNumber
    case ..<0: return .overflow
    default: return .text(Array(text))
    }
  }
}
