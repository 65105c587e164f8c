import RDBSupport
/// The most memory that was resident at once.
enum PeakMemory {
  /// Forgets the peak, where the system can (Linux).
  static func reset() {
    #if os(Linux)
      let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return }
      _ = write(descriptor, "5", 1)
      close(descriptor)
    #endif
  }

  /// Since the start or the last ``reset()``, bytes; `nil`: the system does not say.
  static var byteCount: UInt64? { residentPeak ?? processPeak }

  /// `VmHWM` of `/proc/self/status`.
  private static var residentPeak: UInt64? {
    #if os(Linux)
      guard let file = fopen("/proc/self/status", "re") else { return nil }
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 256)
      while fgets(&line, 256, file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard text.hasPrefix("VmHWM:") else { continue }
        return UInt64(text.filter(\.isNumber)).map { $0 * 1024 }
      }
    #endif
    return nil
  }

  /// Of the whole life of the process.
  private static var processPeak: UInt64? {
    var usage = rusage()
    // RUSAGE_SELF, which is of another type on every system.
    let result = getrusage(0, &usage)
    #if os(Linux)
      let unit: UInt64 = 1024
    #else
      let unit: UInt64 = 1
    #endif
    return result == 0 ? UInt64(usage.ru_maxrss) * unit : nil
  }
}
