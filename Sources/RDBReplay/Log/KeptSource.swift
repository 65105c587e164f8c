import RDB

/// Lets a pipe be read again from its beginning. The bytes that were read are kept in a temporary file.
package final class KeptSource {
  private let recording: RecordingSource
  private var isOpened = false

  package init(_ base: any ByteSource) throws { recording = try RecordingSource(base) }

  /// The bytes from the beginning. A source that was opened before must not be read any more.
  package func reopened() throws -> any ByteSource {
    if !isOpened {
      isOpened = true
      return recording
    }
    // What the former reader left goes to the file too.
    try recording.readRest()
    return recording.recorded
  }
}
