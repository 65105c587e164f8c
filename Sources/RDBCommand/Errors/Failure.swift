/// The reason why a command ends without its result, for people and for scripts.
struct Failure: Error {
  var code: ExitCode
  /// The text after `rdb: ` on standard error; `nil` for none.
  var message: String?
  /// The next step for the user, on a line of its own.
  var hint: String?

  init(_ code: ExitCode, _ message: String?, hint: String? = nil) {
    (self.code, self.message, self.hint) = (code, message, hint)
  }
}
