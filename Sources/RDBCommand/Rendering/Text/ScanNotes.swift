import RDBSupport
import RedisTransfer

extension KeyScan {
  /// Notes for the user about a snapshot that was read key by key, complete at its end.
  var notes: [String] {
    var notes = ["\(counted(keyCount, "key")) read by SCAN and DUMP"]
    if vanishedCount > 0 {
      notes.append("\(counted(vanishedCount, "key")) expired or were deleted while the server was read")
    }
    if inexactCount > 0 { notes.append("the expiry of \(counted(inexactCount, "key")) may be some milliseconds late") }
    if lacksFunctions { notes.append("function libraries are missing: the user may not read them") }
    return notes
  }
}
