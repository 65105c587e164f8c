import CLZF
import RDBFormat
import TestSupport
import Testing

@Suite("LZF")
struct LZFTests {
  /// liblzf's answer: the bytes, or `nil` where it refuses or makes another number of them.
  private func oracle(_ input: [UInt8], _ count: Int) -> [UInt8]? {
    // liblzf reads a control byte before it looks how many there are.
    if input.isEmpty { return count == 0 ? [] : nil }
    var output = [UInt8](repeating: 0, count: count)
    let made = lzf_decompress(input, UInt32(input.count), &output, UInt32(count))
    return Int(made) == count && count > 0 ? output : nil
  }

  private func own(_ input: [UInt8], _ count: Int) -> [UInt8]? {
    // A margin on both sides shows what is written outside.
    var memory = [UInt8](repeating: 0xA5, count: count + 64)
    var failed = false
    memory.withUnsafeMutableBytes { bytes in
      let output = UnsafeMutableRawBufferPointer(rebasing: bytes[32..<32 + count])
      do { try LZF.decompress(input.span.bytes, into: output) } catch { failed = true }
    }
    #expect(memory.prefix(32).allSatisfy { $0 == 0xA5 } && memory.suffix(32).allSatisfy { $0 == 0xA5 })
    return failed ? nil : Array(memory[32..<32 + count])
  }

  private func compress(_ plain: [UInt8]) -> [UInt8]? {
    var output = [UInt8](repeating: 0, count: plain.count + plain.count / 16 + 64)
    let count = lzf_compress(plain, UInt32(plain.count), &output, UInt32(output.count))
    return count == 0 ? nil : Array(output.prefix(Int(count)))
  }

  @Test("gives back what liblzf compressed, of every fixture", arguments: Fixture.valid)
  func fixtures(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    var generator = SeededGenerator(seed: UInt64(bytes.count))
    for _ in 0..<10 {
      let start = Int.random(in: 0..<bytes.count, using: &generator)
      let plain = Array(bytes[start...].prefix(Int.random(in: 1...70_000, using: &generator)))
      let packed = try #require(compress(plain))
      #expect(own(packed, plain.count) == plain)
      // One more and one fewer are refused by both.
      #expect(own(packed, plain.count + 1) == nil)
      #expect(own(packed, plain.count - 1) == nil)
    }
  }

  @Test("says what liblzf says of damaged and random bytes", arguments: 1...40 as ClosedRange<UInt64>)
  func damaged(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let alphabet = UInt8.random(in: 1...255, using: &generator)
    let plain = (0..<Int.random(in: 1...5000, using: &generator)).map { _ in
      UInt8.random(in: 0...alphabet, using: &generator)
    }
    let packed = compress(plain) ?? []
    for _ in 0..<400 {
      var input = packed
      if Bool.random(using: &generator) || input.isEmpty {
        input = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
          UInt8.random(in: 0...255, using: &generator)
        }
      } else {
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          input[Int.random(in: 0..<input.count, using: &generator)] =
            UInt8.random(in: 0...255, using: &generator)
        }
        input = Array(input.prefix(Int.random(in: 0...input.count, using: &generator)))
      }
      // Whatever it makes, ask for that; and for some other number.
      var room = [UInt8](repeating: 0, count: 30_000)
      let made = input.isEmpty ? 0 : Int(lzf_decompress(input, UInt32(input.count), &room, 30_000))
      for count in [made, Int.random(in: 0...6000, using: &generator)] where count > 0 || input.isEmpty {
        let isSame = own(input, count) == oracle(input, count)
        #expect(isSame, "seed \(seed), \(count) bytes from \(input)")
      }
    }
  }

  @Test("decompresses the worked examples")
  func examples() {
    let aaa = [UInt8](repeating: 97, count: 30)
    #expect(own([0x01, 0x61, 0x61, 0xE0, 0x11, 0x00, 0x01, 0x61, 0x61], 30) == aaa)
    #expect(own([0x02, 0x61, 0x62, 0x63, 0x40, 0x02], 7) == Array("abcabca".utf8))
    #expect(own([0x00, 0x61, 0xE0, 0xF7, 0x00], 257) == [UInt8](repeating: 97, count: 257))
  }

  @Test("refuses a cut reference, one before the start, a cut literal, and the wrong size, saying where")
  func refusals() {
    func place(_ input: [UInt8], _ count: Int) -> Int? {
      let output = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
      defer { output.deallocate() }
      do { try LZF.decompress(input.span.bytes, into: output) } catch {
        #expect(error.code == .corruptLZF)
        return error.offset
      }
      return nil
    }
    #expect(place([0x20], 3) == 0)
    #expect(place([0xE0, 0x01], 10) == 0)
    #expect(place([0x20, 0x00], 3) == 0)
    #expect(place([0x00, 0x61, 0x20, 0x01], 4) == 2)
    #expect(place([0x05, 0x61], 6) == 0)
    #expect(place([0x00, 0x61, 0x00, 0x62], 1) == 2)
    #expect(place([0x00, 0x61], 2) == 2)
    #expect(place([], 1) == 0)
    #expect(place([], 0) == nil)
  }

  @Test("bounds what so many bytes can become")
  func bound() {
    #expect(LZF.maximumOutputByteCount(of: 3) >= 264)
    #expect(LZF.maximumOutputByteCount(of: .max) == .max)
    #expect(LZF.maximumOutputByteCount(of: .max / 88) <= .max)
    // The best there is: a byte, then references to it.
    var input: [UInt8] = [0, 97]
    for _ in 0..<1000 { input += [0xE0, 0xFF, 0x00] }
    #expect(own(input, 1 + 264 * 1000) == [UInt8](repeating: 97, count: 264_001))
    #expect(264_001 <= LZF.maximumOutputByteCount(of: UInt64(input.count)))
  }
}
