import RDBSupport

/// The terminal of the user, whatever standard input and output are.
package enum Terminal {
  /// Asks for a secret, and returns the line that the user enters. The terminal does not show it.
  ///
  /// - Throws: ``Failure`` if there is no terminal, or nothing is entered.
  static func answer(to question: String) throws -> [UInt8] {
    let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Failure(
        .usage, "there is no terminal to ask for the password",
        hint: "Give the password in a file or in an environment variable.")
    }
    defer { close(descriptor) }
    return try answer(to: question, on: descriptor)
  }

  /// Asks for a secret on an open terminal.
  ///
  /// - Throws: ``Failure`` if it is no terminal, or nothing is entered.
  package static func answer(to question: String, on descriptor: Int32) throws -> [UInt8] {
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else {
      throw Failure(.ioError, "the terminal's settings cannot be read: \(String(cString: strerror(errno)))")
    }
    // From here on, an interruption shows input again before it ends the process.
    Interrupts.setTerminal(descriptor, settings)
    defer { Interrupts.restoreTerminal() }
    settings.c_lflag &= ~tcflag_t(ECHO)
    guard tcsetattr(descriptor, TCSAFLUSH, &settings) == 0 else {
      throw Failure(.ioError, "the terminal cannot hide a password: \(String(cString: strerror(errno)))")
    }
    write(visible(question), to: descriptor)
    defer { write("\n", to: descriptor) }
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count <= PasswordPlaces.byteLimit {
      let count = read(descriptor, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      guard count == 1 else { break }
      if byte == 10 || byte == 13 { return line }
      line.append(byte)
    }
    throw Failure(.usage, "no password was entered")
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)
    while !rest.isEmpty {
      let written = RDBSupport.write(descriptor, rest, rest.count)
      if written < 0 && errno != EINTR { return }
      rest.removeFirst(max(written, 0))
    }
  }
}
