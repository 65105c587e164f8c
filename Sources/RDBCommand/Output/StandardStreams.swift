import RDBSupport

/// Standard input, output and error.
enum StandardStreams {
  /// Opens descriptors 0 to 2 if they are closed, so that no file opened later becomes standard output.
  static func prepare() {
    while true {
      let descriptor = open("/dev/null", O_RDWR)
      if descriptor < 0 { break }
      guard descriptor <= 2 else {
        close(descriptor)
        break
      }
      if descriptor == STDOUT_FILENO {
        // Writing to a closed standard output must fail, so that results are not lost silently.
        let readOnly = open("/dev/null", O_RDONLY)
        dup2(readOnly, descriptor)
        close(readOnly)
      }
    }
  }

  /// Writes text to standard error. Errors are ignored.
  static func writeError(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = write(STDERR_FILENO, rest.baseAddress, rest.count)
        if written < 0 && errno != EINTR { return }
        rest = rest.dropFirst(max(written, 0))
      }
    }
  }
}

extension Slice where Base == UnsafeBufferPointer<UInt8> {
  fileprivate var baseAddress: UnsafePointer<UInt8>? { base.baseAddress.map { $0 + startIndex } }
}
