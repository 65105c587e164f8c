/// Up to eight units of a string: bytes or characters, each as a number in its class.
///
/// Units 0, 2, 4 and 6 are in `even`, the others in `odd`: two halves of nearly the same size for a Feistel network. Each
/// half has 16 bits per unit.
struct MaskedWord {
  /// Four numbers of 16 bits.
  private typealias Numbers = SIMD4<UInt16>

  private(set) var even: UInt64 = 0
  private(set) var odd: UInt64 = 0
  /// The number of units in each unit's class; 0: no unit.
  private var evenRadices: UInt64 = 0
  private var oddRadices: UInt64 = 0
  /// The class of each unit, one byte each.
  private var classes: UInt64 = 0
  private(set) var count: UInt64 = 0

  /// The largest domain that is permuted as one number.
  private static let smallDomain: UInt64 = 1 << 20
  /// The smallest domain in which a fixed point is too rare to matter.
  private static let largeDomain: UInt64 = 1 << 32

  init() {}

  /// Creates a word whose classes are not needed.
  @inline(__always)
  init(even: UInt64, odd: UInt64, evenRadices: UInt64, oddRadices: UInt64, count: UInt64) {
    (self.even, self.odd, self.evenRadices, self.oddRadices) = (even, odd, evenRadices, oddRadices)
    self.count = count
  }

  @inline(__always)
  mutating func append(_ number: UInt16, _ cls: UInt8, radix: UInt16) {
    let shift = (count &>> 1) &<< 4
    if count & 1 == 0 {
      even |= UInt64(number) &<< shift
      evenRadices |= UInt64(radix) &<< shift
    } else {
      odd |= UInt64(number) &<< shift
      oddRadices |= UInt64(radix) &<< shift
    }
    classes |= UInt64(cls) &<< (count &<< 3)
    count &+= 1
  }

  /// The number of a unit in its class.
  @inline(__always)
  subscript(_ index: UInt64) -> UInt16 {
    UInt16(truncatingIfNeeded: (index & 1 == 0 ? even : odd) &>> ((index &>> 1) &<< 4))
  }

  /// The class of a unit.
  @inline(__always)
  func cls(_ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: classes &>> (index &<< 3)) }

  @inline(__always)
  private func radix(_ index: UInt64) -> UInt64 {
    (index & 1 == 0 ? evenRadices : oddRadices) &>> ((index &>> 1) &<< 4) & 0xFFFF
  }

  private mutating func set(_ index: UInt64, _ number: UInt64) {
    let shift = (index &>> 1) &<< 4
    if index & 1 == 0 {
      even = even & ~(0xFFFF &<< shift) | number &<< shift
    } else {
      odd = odd & ~(0xFFFF &<< shift) | number &<< shift
    }
  }

  @inline(__always)
  private static func numbers(_ word: UInt64) -> Numbers { unsafeBitCast(word, to: Numbers.self) }

  @inline(__always)
  private static func word(_ numbers: Numbers) -> UInt64 { unsafeBitCast(numbers, to: UInt64.self) }

  /// Returns a random number below each radix.
  @inline(__always)
  private static func scaled(_ random: UInt64, _ radices: UInt64) -> UInt64 {
    let products =
      SIMD4<UInt32>(truncatingIfNeeded: numbers(random)) &* SIMD4<UInt32>(truncatingIfNeeded: numbers(radices))
    return word(Numbers(truncatingIfNeeded: products &>> 16))
  }

  @inline(__always)
  private static func sum(_ first: UInt64, _ second: UInt64, _ radices: UInt64) -> UInt64 {
    let (sum, radices) = (numbers(first) &+ numbers(second), numbers(radices))
    return word(sum.replacing(with: sum &- radices, where: sum .>= radices))
  }

  @inline(__always)
  private static func difference(_ first: UInt64, _ second: UInt64, _ radices: UInt64) -> UInt64 {
    let (first, second) = (numbers(first), numbers(second))
    let difference = first &- second
    return word(difference.replacing(with: difference &+ numbers(radices), where: first .< second))
  }

  /// Adds 1 to the first unit that can change.
  private mutating func step() {
    for index in 0..<count where radix(index) > 1 {
      let next = UInt64(self[index]) &+ 1
      return set(index, next == radix(index) ? 0 : next)
    }
  }

  // MARK: Substitution

  /// Replaces the units by others that look random. Different words can become the same word.
  ///
  /// - Parameter number: A number that selects one of many replacements.
  @inline(__always)
  mutating func substitute(_ key: MaskingKey, _ number: UInt64) {
    let random = key.hash(even, odd ^ number &<< 56)
    let more = (random &>> 32 | random &<< 32) &* 0x9E37_79B9_7F4A_7C15 ^ random &>> 29
    let (newEven, newOdd) = (Self.scaled(random, evenRadices), Self.scaled(more, oddRadices))
    let isSame = newEven == even && newOdd == odd
    (even, odd) = (newEven, newOdd)
    if isSame { step() }
  }

  // MARK: Permutation

  /// Replaces the units by a secret permutation of all words with the same classes.
  ///
  /// - Parameters:
  ///   - tweak: A number that selects one of many permutations.
  ///   - moves: Whether the permutation has no fixed point.
  mutating func permute(_ key: MaskingKey, _ tweak: UInt64, moves: Bool) {
    let domain = self.domain
    if domain < 2 { return }
    if domain <= Self.smallDomain {
      number = Permutation(key: key, tweak: tweak, moves: moves)(number, below: domain)
      return
    }
    forward(key, tweak)
    if !moves || domain >= Self.largeDomain { return }
    step()
    backward(key, tweak)
  }

  /// The number of words with the same classes, or a number of at least 2³².
  private var domain: UInt64 {
    var product: UInt64 = 1
    for index in 0..<count where product < Self.largeDomain { product &*= radix(index) }
    return product
  }

  /// The word as one number below ``domain``.
  private var number: UInt64 {
    get { (0..<count).reduce(0) { $0 &* radix($1) &+ UInt64(self[$1]) } }
    set {
      var rest = newValue
      for index in (0..<count).reversed() {
        set(index, rest % radix(index))
        rest /= radix(index)
      }
    }
  }

  @inline(__always)
  private mutating func forward(_ key: MaskingKey, _ tweak: UInt64) {
    for round in 0..<2 as Range<UInt64> {
      even = Self.sum(even, Self.scaled(key.hash(odd, tweak, 2 &* round), evenRadices), evenRadices)
      odd = Self.sum(odd, Self.scaled(key.hash(even, tweak, 2 &* round &+ 1), oddRadices), oddRadices)
    }
  }

  private mutating func backward(_ key: MaskingKey, _ tweak: UInt64) {
    for round in (0..<2 as Range<UInt64>).reversed() {
      odd = Self.difference(odd, Self.scaled(key.hash(even, tweak, 2 &* round &+ 1), oddRadices), oddRadices)
      even = Self.difference(even, Self.scaled(key.hash(odd, tweak, 2 &* round), evenRadices), evenRadices)
    }
  }
}
