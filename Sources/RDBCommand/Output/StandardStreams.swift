import RDBSupport
/// Standard input, output and error, before anything else uses them.
enum StandardStreams {
  /// Makes descriptors 0–2 exist, so that no file opened later becomes standard output by accident.
  static func prepare() {
    while true {
      let descriptor = open("/dev/null", O_RDWR)
      if descriptor < 0 { break }
      guard descriptor <= 2 else {
        close(descriptor)
        break
      }
      if descriptor == STDOUT_FILENO {
        // Results must not vanish in silence: a closed standard output refuses to be written.
        let readOnly = open("/dev/null", O_RDONLY)
        dup2(readOnly, descriptor)
        close(readOnly)
      }
    }
  }

  /// Writes text to standard error, as far as that goes.
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
