/// Commands as bytes of the RESP protocol.
public enum RESPCommand {
  /// Returns a command as an array of bulk strings, the same in RESP2 and RESP3.
  ///
  ///     RESPCommand.encode([Array("GET".utf8), key])    // *2\r\n$3\r\nGET\r\n$3\r\nk:1\r\n
  ///
  /// - Parameter arguments: The name of the command and its arguments.
  public static func encode(_ arguments: [[UInt8]]) -> [UInt8] { RESPText.command(arguments) }
}
