/// Why a command ends without having done what it was asked: for people, and for scripts.
struct Failure: Error {
  var code: ExitCode
  /// What standard error says behind `rdb: `; `nil`: nothing.
  var message: String?
  /// What to do next, on a line of its own.
  var hint: String?

  init(_ code: ExitCode, _ message: String?, hint: String? = nil) {
    (self.code, self.message, self.hint) = (code, message, hint)
  }
}
