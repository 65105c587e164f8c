import RDB

/// Counts of data that the output omits by design. They become notes of the ledger at the end.
struct JSONLeftOut {
  var auxFields: UInt64 = 0
  var functions: UInt64 = 0
  var moduleAux: UInt64 = 0
  var slots: UInt64 = 0
  var sizes: UInt64 = 0
  var nodeBoundaries: UInt64 = 0
  // The following counts are for the shape `rdbtools` only.
  var expiries: UInt64 = 0
  var fieldExpiries: UInt64 = 0
  var idleOrFrequency: UInt64 = 0
  var metadata: UInt64 = 0
  var encodings: UInt64 = 0
  var streamNumbers: UInt64 = 0
  var groups: UInt64 = 0
  var insertIndexes: UInt64 = 0

  /// Counts the attributes of a key that the shape `rdbtools` omits.
  mutating func count(_ key: borrowing KeyHeader) {
    encodings &+= 1
    if key.expiry != nil { expiries &+= 1 }
    if key.idleSeconds != nil || key.frequency != nil { idleOrFrequency &+= 1 }
    if key.metadata.byteCount > 0 { metadata &+= 1 }
  }

  @inline(__always)
  /// Counts the parts of a collection that the output omits.
  mutating func count(_ header: ElementsHeader, _ type: ValueType, isNative: Bool) {
    if header.nodeCount > 1 { nodeBoundaries &+= 1 }
    if !isNative, header.insertIndex != nil { insertIndexes &+= 1 }
  }

  /// Counts the parts of a stream that the output omits.
  mutating func count(_ info: StreamInfo, isNative: Bool) {
    if info.length > 0 { nodeBoundaries &+= 1 }
    guard !isNative else { return }
    streamNumbers &+= 1
    groups &+= info.groupCount
  }

  /// Adds a note per count to the ledger.
  func note(in ledger: inout Ledger) {
    let notes: [(UInt64, String)] = [
      (auxFields, "AUX fields (`meta` writes them)"),
      (functions, "function libraries (`meta` writes them)"),
      (moduleAux, "module AUX (`meta` writes it)"),
      (slots, "slot info (`meta` writes it)"),
      (sizes, "size hints of databases (`meta` writes them)"),
      (nodeBoundaries, "node boundaries of lists and streams"),
      (expiries, "expiries: the shape rdbtools has none"),
      (fieldExpiries, "expiries of hash fields: the shape rdbtools has none"),
      (idleOrFrequency, "idle times and frequencies: the shape rdbtools has none"),
      (metadata, "key metadata: the shape rdbtools has none"),
      (encodings, "types and encodings of keys: the shape rdbtools has none"),
      (streamNumbers, "lengths and IDs of streams: the shape rdbtools has only entries"),
      (groups, "consumer groups: the shape rdbtools has only entries"),
      (insertIndexes, "insert indexes of arrays: the shape rdbtools has none"),
    ]
    for (count, what) in notes where count > 0 { ledger.note(what, count: count) }
  }
}
