import RDBSupport

/// The peak of resident memory of the process.
enum PeakMemory {
  /// Resets the peak, on Linux.
  static func reset() {
    #if os(Linux)
      let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return }
      _ = write(descriptor, "5", 1)
      close(descriptor)
    #endif
  }

  /// The peak in bytes since the start or the last ``reset()``; `nil` if the system does not report it.
  static var byteCount: UInt64? { residentPeak ?? processPeak }

  /// The value of `VmHWM` in `/proc/self/status`.
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

  /// The peak since the start of the process.
  private static var processPeak: UInt64? {
    var usage = rusage()
    // 0 is RUSAGE_SELF, which has another type on each system.
    let result = getrusage(0, &usage)
    #if os(Linux)
      let unit: UInt64 = 1024
    #else
      let unit: UInt64 = 1
    #endif
    return result == 0 ? UInt64(usage.ru_maxrss) * unit : nil
  }
}
