public import RDBFormat

/// The origin of a snapshot, as its header and its first AUX fields tell it.
public struct SnapshotOrigin: Sendable {
  /// The header: vendor and RDB version.
  public var header: SnapshotHeader
  /// The AUX fields before the first key, in file order.
  public var auxFields: [(name: [UInt8], value: [UInt8])]

  /// The release that wrote the snapshot, according to its AUX fields; `nil` if they do not name one.
  public var writer: ServerVersion? {
    for (name, value) in auxFields {
      let text = String(decoding: value, as: UTF8.self)
      if name.elementsEqual("redis-ver".utf8) { return ServerVersion(text, vendor: .redis) }
      if name.elementsEqual("valkey-ver".utf8) { return ServerVersion(text, vendor: .valkey) }
    }
    return nil
  }

  /// The server that wrote the snapshot, if it extends the files of Redis and an AUX field before the first key tells so.
  package var dialect: Dialect? {
    guard header.vendor == .redis else { return nil }
    return auxFields.lazy.compactMap { Dialect.evident(in: $0.name.span.bytes, $0.value.span.bytes) }.first
  }

  /// Whether the snapshot is the base of an append-only file, which commands may follow.
  package var isAppendOnlyBase: Bool {
    auxFields.contains { name, value in
      (name.elementsEqual("aof-base".utf8) || name.elementsEqual("aof-preamble".utf8)) && value == [UInt8(ascii: "1")]
    }
  }

  /// ``writer`` if it is credible, else the oldest release that writes this RDB version.
  ///
  /// Release candidates name an older release (6.9.241 for 7.0), and development builds name 255.255.255.
  public var assumedWriter: ServerVersion {
    if let writer, writer.major < 255, writer.vendor != .redis || writer.rdbVersion >= header.version {
      return writer
    }
    return .oldestWriter(of: header.version, vendor: header.vendor)
  }
}

extension SnapshotOrigin {
  /// The number of bytes after which no AUX field is expected. Servers write a few hundred.
  private static var byteLimit: Int { 1 << 20 }

  /// Reads the origin from the bytes at the start of a snapshot, without consuming them.
  ///
  /// - Returns: The origin, or the number of bytes that are missing.
  @usableFromInline static func read(_ window: borrowing Window, isFinal: Bool, options: RDBParser.Options)
    throws(RDBError) -> (origin: SnapshotOrigin?, missing: UInt64)
  {
    var parser = RDBParser(options: options)
    var sink = OriginSink()
    var consumed = 0
    do throws(RDBError) {
      let want = try parser.parse(window, isFinal: isFinal, into: &sink, consumed: &consumed)
      if case .input(let missing) = want, window.count < byteLimit { return (nil, max(missing, 1)) }
    } catch {
      // Damage after the header is found again when the snapshot is read.
      if parser.header.version == 0 { throw error }
    }
    return (SnapshotOrigin(header: parser.header, auxFields: sink.fields), 0)
  }
}

/// Collects the AUX fields before the first key.
private struct OriginSink: SelectiveSink {
  var fields: [(name: [UInt8], value: [UInt8])] = []

  static var events: SinkEvents { [.aux, .functionLibrary, .moduleAux, .databaseSize] }

  mutating func aux(_ field: borrowing AuxField) throws(RDBError) {
    fields.append(([UInt8](field.name), [UInt8](field.value)))
  }
  // The first event of another kind ends the fields.
  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { throw .stop }
  mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool { throw .stop }
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) { throw .stop }
  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {
    throw .stop
  }
}
