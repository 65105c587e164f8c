/// The tables of a database that holds a snapshot.
///
/// Names of keys, fields and members, and values, are bytes: BLOBs. Beside each stands a text twin, which is NULL where
/// the bytes are not UTF-8 or contain a NUL. Documentation/sql.md describes every column.
package enum SnapshotTables {
  /// The version of the tables. A column that is added leaves it; any other change raises it.
  static let version = 1

  /// What the database says about itself and its snapshot, one row each.
  static let info = "CREATE TABLE info (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"

  static let keys = """
    CREATE TABLE keys (
      id INTEGER PRIMARY KEY, db INTEGER NOT NULL, key BLOB NOT NULL, key_text TEXT, type TEXT NOT NULL, encoding TEXT,
      memory_bytes INTEGER, stored_bytes INTEGER NOT NULL, elements INTEGER NOT NULL,
      largest_element BLOB, largest_element_bytes INTEGER NOT NULL,
      expires_ms INTEGER, idle_seconds INTEGER, frequency INTEGER, slot INTEGER NOT NULL, file_offset INTEGER NOT NULL)
    """

  /// The tables of elements.
  package static let values = [
    "CREATE TABLE strings (key_id INTEGER PRIMARY KEY, value BLOB NOT NULL, value_text TEXT)",
    "CREATE TABLE list_elements (key_id INTEGER NOT NULL, position INTEGER NOT NULL, value BLOB NOT NULL, value_text TEXT)",
    "CREATE TABLE set_members (key_id INTEGER NOT NULL, member BLOB NOT NULL, member_text TEXT)",
    """
    CREATE TABLE zset_members (
      key_id INTEGER NOT NULL, position INTEGER NOT NULL, member BLOB NOT NULL, member_text TEXT, score REAL NOT NULL)
    """,
    """
    CREATE TABLE hash_fields (
      key_id INTEGER NOT NULL, field BLOB NOT NULL, field_text TEXT, value BLOB NOT NULL, value_text TEXT,
      expires_ms INTEGER)
    """,
    "CREATE TABLE array_elements (key_id INTEGER NOT NULL, position INTEGER NOT NULL, value BLOB NOT NULL, value_text TEXT)",
    """
    CREATE TABLE path_fields (
      key_id INTEGER NOT NULL, path BLOB NOT NULL, path_text TEXT, field BLOB NOT NULL, field_text TEXT,
      value BLOB NOT NULL, value_text TEXT)
    """,
    """
    CREATE TABLE stream_fields (
      key_id INTEGER NOT NULL, id TEXT NOT NULL, ms INTEGER NOT NULL, seq INTEGER NOT NULL, position INTEGER NOT NULL,
      field BLOB NOT NULL, field_text TEXT, value BLOB NOT NULL, value_text TEXT)
    """,
    """
    CREATE TABLE streams (
      key_id INTEGER PRIMARY KEY, length INTEGER NOT NULL, last_id TEXT NOT NULL, max_deleted_id TEXT, entries_added INTEGER)
    """,
    """
    CREATE TABLE stream_groups (
      key_id INTEGER NOT NULL, name BLOB NOT NULL, name_text TEXT, last_id TEXT NOT NULL,
      entries_read INTEGER, pending INTEGER NOT NULL)
    """,
    """
    CREATE TABLE stream_consumers (
      key_id INTEGER NOT NULL, group_name BLOB NOT NULL, name BLOB NOT NULL, name_text TEXT, seen_ms INTEGER NOT NULL,
      active_ms INTEGER, pending INTEGER NOT NULL)
    """,
    """
    CREATE TABLE stream_pending (
      key_id INTEGER NOT NULL, group_name BLOB NOT NULL, id TEXT NOT NULL, consumer BLOB,
      delivered_ms INTEGER NOT NULL, deliveries INTEGER NOT NULL)
    """,
  ]

  /// The indexes on keys. They are made when all rows are written, which is faster than with each row.
  static let keyIndexes = [
    "CREATE INDEX keys_key ON keys (key)",
    "CREATE INDEX keys_memory ON keys (memory_bytes)",
    "CREATE INDEX keys_expiry ON keys (expires_ms) WHERE expires_ms IS NOT NULL",
    "CREATE INDEX keys_type ON keys (type, memory_bytes)",
  ]

  /// The indexes on elements.
  static let valueIndexes = [
    ("list_elements", "key_id, position"), ("set_members", "key_id"), ("zset_members", "key_id, position"),
    ("hash_fields", "key_id, field"), ("array_elements", "key_id, position"), ("path_fields", "key_id"),
    ("stream_fields", "key_id, ms, seq"), ("stream_groups", "key_id"), ("stream_consumers", "key_id"),
    ("stream_pending", "key_id"),
  ].map { table, columns in "CREATE INDEX \(table)_key ON \(table) (\(columns))" }
}
