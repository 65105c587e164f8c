import RDBFormat
import RDBSupport

/// Findings about records, as opposed to values.
extension RDBParser {
  /// Returns the value type that `code` means in a file whose header has a lower version.
  ///
  /// Servers do not compare types with the version: they load such a file.
  ///
  /// - Throws: ``RDBError`` (`unknownValueType`) if the code is no type, or if two servers use it and nothing in the file
  ///   tells which one wrote the file.
  @usableFromInline func newerType(_ code: UInt8, at offset: Int) throws(RDBError) -> ValueType {
    guard let type = ValueType.resolve(code, vendor: state.header.vendor) else { throw unknown(code, at: offset) }
    try checkOwner(of: type, at: offset)
    return type
  }

  /// Reports a type that is newer than the header's version, and an idle time that no server reads.
  @usableFromInline
  func reportAttributes<S: RDBSink & ~Copyable>(
    typeAt offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    let attributes = record.attributes.pointee
    let type = attributes.storedType
    if state.isNewerType {
      try report(
        .newerType, at: offset, "a value type of version \(state.header.version) or earlier",
        "\(type.name) (type \(type.code)), of version \(type.row.since) and later", input, &sink)
    }
    if attributes.idleSeconds == .max {
      try report(.idleTime, at: attributes.offset, "an idle time below 2^64-1 s", "2^64-1", input, &sink)
    }
  }

  /// Reports a database number that no server has.
  @usableFromInline
  func reportDatabase<S: RDBSink & ~Copyable>(at offset: Int, _ input: RawSpan, _ sink: inout S) throws {
    try report(.databaseNumber, at: offset, "a database number below 2^31", "\(state.database)", input, &sink)
  }

  /// Reports a hint of more keys than a server has room for.
  @usableFromInline
  func reportHint<S: RDBSink & ~Copyable>(
    _ keys: UInt64, _ expiring: UInt64, at offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    try report(
      .sizeHint, at: offset, "numbers of keys below 2^36", "\(keys) keys, \(expiring) with expiry", input, &sink)
  }

  /// Reports a function library that no server registers.
  @usableFromInline
  mutating func reportLibrary<S: RDBSink & ~Copyable>(
    _ library: borrowing FunctionLibrary, at offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    if options.listsFunctionsAndModules {
      let digest = library.code.withUnsafeBytes { SHA256.digest(Array($0)) }
      let text = digest.map { hex($0).dropFirst(2).lowercased() }.joined()
      try report(
        .functionCode, at: offset, "no function library", "\(library.code.byteCount) bytes, SHA-256 \(text)", input,
        &sink)
    }
    if !library.isPreGA, !library.hasNameLine {
      try report(
        .functionHeader, at: offset, "a first line such as #!lua name=library",
        "\(library.code.byteCount) bytes that begin otherwise", input, &sink)
    }
    if let name = library.registeredName, !state.libraryNames.insert(name).inserted {
      try report(.functionTwice, at: offset, "a library of another name", printable(name), input, &sink)
    }
  }

  /// Reports an AUX field `slot-info` that is not at least three numbers.
  @usableFromInline
  func reportSlotInfo<S: RDBSink & ~Copyable>(
    _ name: RawSpan, _ value: RawSpan, at offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    guard name.withUnsafeBytes({ $0.elementsEqual("slot-info".utf8) }) else { return }
    let numbers = value.withUnsafeBytes { $0.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) }
    let areNumbers = numbers.allSatisfy { number in
      !number.isEmpty && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
    if numbers.count < 3 || !areNumbers {
      try report(.slotInfo, at: offset, "slot-info of three or more numbers", "other text", input, &sink)
    }
  }
}
