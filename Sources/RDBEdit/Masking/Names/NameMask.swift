import RDBFormat
import RDBSupport

/// Masks the names of keys, part by part. Different names stay different.
///
/// A part that enough keys share stays. Another part is replaced by a permutation of all parts with the same classes of
/// bytes; a result that is one of the parts that stay is replaced again, so no other part becomes one of them.
struct NameMask: ~Copyable {
  private let parts: NameParts
  private let masker: Masker
  private let plan: MaskingPlan
  private var walk = ByteBuffer(capacity: 256)
  private var result = ByteBuffer(capacity: 256)
  /// The last masked name.
  private(set) var masked: [UInt8] = []

  init(_ plan: MaskingPlan) {
    self.plan = plan
    parts = NameParts(plan.options.separators)
    masker = Masker(MaskingAlphabet(fixed: Set(plan.options.separators.joined() + Array("{}".utf8))))
  }

  /// Masks a name into ``masked``.
  mutating func mask(_ name: UnsafeRawBufferPointer) {
    if masked.count != name.count { masked = [UInt8](repeating: 0, count: name.count) }
    guard let base = name.baseAddress else { return }
    result.removeAll()
    result.reserve(name.count)
    let start = result.end
    start.copyMemory(from: base, byteCount: name.count)
    var next: Int? = 0
    while let first = next {
      let part = parts.part(name, from: first)
      mask(UnsafeRawBufferPointer(rebasing: name[first..<part.end]), to: start + first)
      next = part.next
    }
    masked.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(start: start, count: name.count)) }
  }

  private mutating func mask(_ part: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
    if part.isEmpty || plan.keeps(part) { return }
    let result = UnsafeRawBufferPointer(start: target, count: part.count)
    masker.mask(part, to: target, .name, plan.nameKey)
    while plan.keeps(result) {
      walk.removeAll()
      walk.append(RawSpan(_unsafeBytes: result))
      masker.mask(UnsafeRawBufferPointer(start: walk.base, count: part.count), to: target, .name, plan.nameKey)
    }
  }
}
