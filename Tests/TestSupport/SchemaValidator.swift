import Foundation

/// `Schemas/validate.py`, run by the Python that `make test-setup` gave the package jsonschema.
public enum SchemaValidator {
  static let checkout = URL(fileURLWithPath: Fixture.root).deletingLastPathComponent().path

  /// Validates files against `Schemas/<schema>`.
  ///
  /// - Parameter lines: They are JSON Lines.
  /// - Returns: 0 if all are valid, 1 if not; and what was wrong.
  public static func validate(_ schema: String, _ files: [String], lines: Bool = false) throws
    -> (status: Int32, output: String)
  {
    let python = "\(checkout)/.venv-servers/bin/python"
    let isThere = FileManager.default.isExecutableFile(atPath: python)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: isThere ? python : "/usr/bin/env")
    process.arguments =
      (isThere ? [] : ["python3"])
      + ["\(checkout)/Schemas/validate.py", "\(checkout)/Schemas/\(schema)"] + files
      + (lines ? ["--lines"] : [])
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }
}
