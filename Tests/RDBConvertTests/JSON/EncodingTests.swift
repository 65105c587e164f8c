import RDB
import RDBConvert
import RDBSupport
import TestSupport
import Testing

@Suite("Object encodings")
struct EncodingTests {
  /// Commands that change a string in place (APPEND, SETRANGE; PFADD) leave it raw until it is loaded again.
  private static func isChangedInPlace(_ key: [UInt8]) -> Bool {
    let name = String(decoding: key, as: UTF8.self)
    return name.contains(":mod:") || name.contains(":hll:")
  }

  /// RDB 1 does not say who wrote it, and 2.0 had no OBJECT ENCODING: its goldens come from DEBUG OBJECT.
  private static func writer(of fixture: Fixture) -> ServerVersion? {
    if fixture.name.hasPrefix("redis-2.0") { return ServerVersion(.redis, 2, 0) }
    if fixture.name.hasPrefix("redis-2.2") { return ServerVersion(.redis, 2, 2) }
    // Neither does RDB 6.
    if fixture.name.hasPrefix("redis-3.0") { return ServerVersion(.redis, 3, 0) }
    return nil
  }

  @Test("Are the same as the server that wrote the snapshot reports", arguments: Fixture.valid)
  func goldens(_ fixture: Fixture) throws {
    let rows = try JSONSinkTests.rows(of: fixture)
    let writer = Self.writer(of: fixture)
    let conversion = JSONConversion(fixture.bytes, writer: writer)
    for key in try conversion.keys() {
      let name = try JSONOptions.Strings.utf8.bytes(key["key"])
      let place = JSONSinkTests.Place(database: key["db"]?.uint ?? .max, key: name)
      guard let expected = rows[place]?.first?.encoding else { continue }
      if writer == ServerVersion(.redis, 2, 0) {
        #expect(key["encoding"] == nil)
      } else if !(Self.isChangedInPlace(name) && expected == "raw") {
        #expect(key["encoding"]?.text == expected, "\(printable(name))")
      }
    }
  }
}
