public import RDBFormat
import RDBSupport

/// A field of the snapshot's own description: `redis-ver`, `ctime`, `used-mem` …
///
/// Source: `rdbSaveAuxField` in Redis `src/rdb.c`.
public struct AuxField: ~Escapable, BitwiseCopyable {
  /// The field's name: bytes, usually ASCII.
  public let name: RawSpan
  /// The field's value: bytes, usually ASCII.
  public let value: RawSpan
  /// The record as stored, from its opcode on.
  @usableFromInline package let stored: RawSpan
  /// The file offset after the record.
  @usableFromInline package let endOffset: Int

  /// Creates a field that borrows its parts.
  @inlinable @_lifetime(copy name, copy value, copy stored)
  package init(name: RawSpan, value: RawSpan, stored: RawSpan, endOffset: Int) {
    (self.name, self.value, self.stored, self.endOffset) = (name, value, stored, endOffset)
  }
}

/// A library of functions (Redis 7.0 and later).
public struct FunctionLibrary: ~Escapable, BitwiseCopyable {
  /// The source code. Since 7.0.0 its first line is `#!lua name=<name>`.
  public let code: RawSpan
  /// Whether 7.0-rc1 or 7.0-rc2 wrote it: they stored name, engine and description separately.
  public let isPreGA: Bool
  /// The library's name, if ``isPreGA``; else empty.
  @usableFromInline package let name: RawSpan
  /// The name of the script engine, if ``isPreGA``; else empty.
  @usableFromInline package let engine: RawSpan
  /// The library's description, if ``isPreGA``; else empty.
  @usableFromInline package let description: RawSpan
  /// The record as stored, from its opcode on.
  @usableFromInline package let stored: RawSpan
  /// The file offset after the record.
  @usableFromInline package let endOffset: Int

  /// A library of Redis 7.0.0 or later, with the record it comes from.
  @inlinable @_lifetime(copy code, copy stored)
  package init(code: RawSpan, stored: RawSpan, endOffset: Int) {
    self.code = code
    isPreGA = false
    (name, engine, description) = (code.extracting(first: 0), code.extracting(first: 0), code.extracting(first: 0))
    (self.stored, self.endOffset) = (stored, endOffset)
  }

  /// A library of a 7.0 release candidate, with the record it comes from.
  @inlinable @_lifetime(copy code, copy name, copy engine, copy description, copy stored)
  package init(
    preGA code: RawSpan, name: RawSpan, engine: RawSpan, description: RawSpan, stored: RawSpan, endOffset: Int
  ) {
    self.code = code
    isPreGA = true
    (self.name, self.engine, self.description, self.stored) = (name, engine, description, stored)
    self.endOffset = endOffset
  }
}

/// Announces module data that belongs to no key.
public struct ModuleAux: Hashable, Sendable {
  /// The module's type.
  public var module: ModuleID
  /// 1: before the keys; 2: after them.
  public var when: UInt64
  /// The file offset of the record's opcode.
  @usableFromInline package var offset: Int

  /// Creates an announcement.
  @inlinable package init(module: ModuleID, when: UInt64, offset: Int) {
    (self.module, self.when, self.offset) = (module, when, offset)
  }
}

/// Hash slots of a cluster node.
public struct SlotHint: ~Escapable {
  /// The content of the hint.
  public enum Kind: Hashable, Sendable {
    /// Redis 7.4 and later (opcode 244): the next keys are in this slot.
    case info(slot: UInt64, keys: UInt64, expiring: UInt64)
    /// Valkey 9 and later (opcode 243): slots being imported. One event per range.
    case importing(first: UInt64, last: UInt64)
  }
  /// The content of the hint.
  public let kind: Kind
  /// The name of the import's job; else empty.
  public let job: RawSpan
  /// The record as stored, from its opcode on. Of a record with several ranges, only the first event has it.
  @usableFromInline package let stored: RawSpan

  /// Creates a hint that borrows its parts.
  @inlinable @_lifetime(copy job, copy stored)
  package init(_ kind: Kind, job: RawSpan, stored: RawSpan) {
    (self.kind, self.job, self.stored) = (kind, job, stored)
  }
}

extension FunctionLibrary {
  /// The code with the first line that names the library, which servers since 7.0.0 ask for; `nil`: it has that line, or
  /// the writer that stores the name elsewhere did not need one.
  package var codeWithFirstLine: [UInt8]? {
    guard isPreGA else { return nil }
    var code = Array("#!".utf8)
    code += [UInt8](engine).map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
    code += Array(" name=".utf8)
    code.append(name)
    code.append(10)
    code.append(self.code)
    return code
  }

  /// The name under which a server registers the library; `nil`: the code does not name it.
  package var registeredName: [UInt8]? {
    if isPreGA { return [UInt8](name) }
    let line = code.withUnsafeBytes { Array($0.prefix(512).prefix { $0 != UInt8(ascii: "\n") }) }
    guard line.starts(with: Array("#!".utf8)) else { return nil }
    let word = line.split(separator: UInt8(ascii: " ")).first { $0.starts(with: Array("name=".utf8)) }
    return word.map { Array($0.dropFirst(5)) }
  }

  /// Whether the code begins with the line that names the library, as servers since 7.0.0 ask for.
  var hasNameLine: Bool {
    let line = code.withUnsafeBytes { Array($0.prefix(512).prefix { $0 != UInt8(ascii: "\n") }) }
    return line.starts(with: Array("#!".utf8)) && String(decoding: line, as: UTF8.self).contains(" name=")
  }
}
