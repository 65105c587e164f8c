import Foundation
import RDB
import RDBConvert
import TestSupport
import Testing

@Suite("The JSON Schemas")
struct JSONSchemaTests {
  private func validate(_ schema: String, _ files: [String], lines: Bool = false) throws -> (
    status: Int32, output: String
  ) {
    try SchemaValidator.validate(schema, files, lines: lines)
  }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("swift-rdb-schemas-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func convert(to folder: URL, _ make: (Fixture) -> JSONConversion) throws -> [String] {
    try JSONSinkTests.small.map { fixture in
      let file = folder.appendingPathComponent(fixture.fileName + ".json")
      try Data(make(fixture).bytes).write(to: file)
      return file.path
    }
  }

  @Test("Accept the output of every fixture")
  func fixtures() throws {
    try withFolder { folder in
      let files = try convert(to: folder) { JSONConversion($0.bytes, meta: true, decodes: true) }
      let (status, output) = try validate("rdb-json.schema.json", files)
      #expect(status == 0, "\(output)")
    }
    try withFolder { folder in
      let files = try convert(to: folder) { JSONConversion($0.bytes, layout: .lines, strings: .escape) }
      let (status, output) = try validate("rdb-json.schema.json", files, lines: true)
      #expect(status == 0, "\(output)")
    }
    try withFolder { folder in
      let files = try convert(to: folder) { JSONConversion($0.bytes, shape: .rdbtools) }
      let (status, output) = try validate("rdb-json-rdbtools.schema.json", files)
      #expect(status == 0, "\(output)")
    }
  }

  @Test(
    "Reject changed output",
    arguments: [
      "[{\"type\":\"strings\"}]", "[{\"db\":0,\"key\":\"a\",\"type\":\"string\"}]",
      "[{\"db\":-1,\"key\":\"a\",\"type\":\"string\",\"value\":\"\"}]",
      "[{\"db\":0,\"key\":\"a\",\"type\":\"string\",\"value\":\"\",\"ttl\":1}]", "[{\"type\":\"end\"}]", "[", "[NaN]",
      "[{\"db\":0,\"key\":\"a\",\"type\":\"zset\",\"entries\":[{\"member\":\"m\",\"score\":null}]}]",
    ])
  func refusals(_ text: String) throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("wrong.json")
      try Data(text.utf8).write(to: file)
      #expect(try validate("rdb-json.schema.json", [file.path]).status == 1)
    }
  }
}
