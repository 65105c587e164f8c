import Foundation

/// Runs `Schemas/validate.py` with the Python environment in which `make test-setup` installs jsonschema.
public enum SchemaValidator {
  static let checkout = URL(fileURLWithPath: Fixture.root).deletingLastPathComponent().path

  /// Validates files against `Schemas/<schema>`.
  ///
  /// - Parameter lines: Whether the files are JSON Lines.
  /// - Returns: The exit status (0: all files are valid, 1: at least one is not) and the faults.
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
