/// A view for each report of the command that a query can answer, with the report's name.
enum ReportViews {
  /// The time that expiries are compared with, as a subquery.
  private static let reference = "(SELECT CAST(value AS INTEGER) FROM info WHERE name = 'reference_ms')"
  /// A name up to its first colon, colon included; the whole name if it has none.
  private static let prefix =
    "CASE instr(key, x'3A') WHEN 0 THEN key ELSE substr(key, 1, instr(key, x'3A')) END"

  /// The same of the text column; NULL if the key is not text.
  private static let prefixText =
    "CASE instr(key_text, ':') WHEN 0 THEN key_text ELSE substr(key_text, 1, instr(key_text, ':')) END"

  static let all = [
    "CREATE VIEW memory AS SELECT db, key_text, type, encoding, memory_bytes, elements, key FROM keys "
      + "ORDER BY memory_bytes DESC",
    // The length of a string is in bytes, that of other types in elements: as redis-cli --bigkeys counts.
    """
    CREATE VIEW bigkeys AS SELECT db, key_text, type,
      CASE type WHEN 'string' THEN largest_element_bytes ELSE elements END AS length, memory_bytes, key
      FROM keys ORDER BY type, length DESC
    """,
    "CREATE VIEW memkeys AS SELECT db, key_text, type, memory_bytes, key FROM keys ORDER BY type, memory_bytes DESC",
    "CREATE VIEW hotkeys AS SELECT db, key_text, type, frequency, memory_bytes, key FROM keys "
      + "WHERE frequency IS NOT NULL ORDER BY frequency DESC",
    "CREATE VIEW idle AS SELECT db, key_text, type, idle_seconds, memory_bytes, key FROM keys "
      + "WHERE idle_seconds IS NOT NULL ORDER BY idle_seconds DESC",
    """
    CREATE VIEW prefix AS SELECT max(\(prefixText)) AS prefix_text, count(*) AS keys,
      sum(memory_bytes) AS memory_bytes, sum(CASE WHEN expires_ms IS NULL THEN memory_bytes END) AS never_expiring_bytes,
      \(prefix) AS prefix
      FROM keys GROUP BY prefix ORDER BY memory_bytes DESC
    """,
    """
    CREATE VIEW ttl AS SELECT CASE
        WHEN expires_ms IS NULL THEN 'never' WHEN expires_ms <= \(reference) THEN 'expired'
        WHEN expires_ms <= \(reference) + 3600000 THEN 'within an hour'
        WHEN expires_ms <= \(reference) + 86400000 THEN 'within a day'
        WHEN expires_ms <= \(reference) + 604800000 THEN 'within a week'
        WHEN expires_ms <= \(reference) + 2592000000 THEN 'within 30 days' ELSE 'later' END AS expires,
      count(*) AS keys, sum(memory_bytes) AS memory_bytes, min(expires_ms) AS first_ms
      FROM keys GROUP BY expires ORDER BY first_ms IS NULL, first_ms
    """,
    """
    CREATE VIEW stats AS SELECT db, type, encoding, count(*) AS keys, sum(elements) AS elements,
      sum(memory_bytes) AS memory_bytes, max(memory_bytes) AS largest_memory_bytes, count(expires_ms) AS expiring
      FROM keys GROUP BY db, type, encoding ORDER BY memory_bytes DESC
    """,
    "CREATE VIEW slots AS SELECT slot, count(*) AS keys, sum(memory_bytes) AS memory_bytes FROM keys GROUP BY slot "
      + "ORDER BY memory_bytes DESC",
  ]
}
