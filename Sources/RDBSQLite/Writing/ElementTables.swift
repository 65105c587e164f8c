/// The prepared INSERT of each table of elements.
package struct ElementTables {
  /// The names of the tables.
  package static let names = [
    "strings", "list_elements", "set_members", "zset_members", "hash_fields", "array_elements", "path_fields",
    "stream_fields", "streams", "stream_groups", "stream_consumers", "stream_pending",
  ]

  let strings: RowInsertion
  let listElements: RowInsertion
  let setMembers: RowInsertion
  let zsetMembers: RowInsertion
  let hashFields: RowInsertion
  let arrayElements: RowInsertion
  let pathFields: RowInsertion
  let streamFields: RowInsertion
  let streams: RowInsertion
  let streamGroups: RowInsertion
  let streamConsumers: RowInsertion
  let streamPendings: RowInsertion

  init(_ database: Connection) throws {
    strings = try RowInsertion(into: "strings", columns: 3, database)
    listElements = try RowInsertion(into: "list_elements", columns: 4, database)
    setMembers = try RowInsertion(into: "set_members", columns: 3, database)
    zsetMembers = try RowInsertion(into: "zset_members", columns: 5, database)
    hashFields = try RowInsertion(into: "hash_fields", columns: 6, database)
    arrayElements = try RowInsertion(into: "array_elements", columns: 4, database)
    pathFields = try RowInsertion(into: "path_fields", columns: 7, database)
    streamFields = try RowInsertion(into: "stream_fields", columns: 9, database)
    streams = try RowInsertion(into: "streams", columns: 5, database)
    streamGroups = try RowInsertion(into: "stream_groups", columns: 6, database)
    streamConsumers = try RowInsertion(into: "stream_consumers", columns: 7, database)
    streamPendings = try RowInsertion(into: "stream_pending", columns: 6, database)
  }
}
