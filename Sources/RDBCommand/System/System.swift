import RDBSupport

/// The number of processor cores.
var coreCount: Int { max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1) }

/// The seconds of a clock that only moves forward.
var monotonicSeconds: Double { Double(MonotonicTime.now) / 1e9 }

/// The identity of a file, which does not depend on its path.
struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  /// - Returns: `nil` if it is not a regular file.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  private init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
  }
}

/// The number of files that the process may have open at the same time, after raising it to at most 4,096.
var openFileLimit: Int {
  var limit = rlimit()
  guard getrlimit(openFileResource, &limit) == 0 else { return 256 }
  if limit.rlim_cur < 4096, limit.rlim_max > limit.rlim_cur {
    var raised = limit
    raised.rlim_cur = min(limit.rlim_max, 4096)
    if setrlimit(openFileResource, &raised) == 0 { limit = raised }
  }
  return Int(clamping: min(limit.rlim_cur, 4096))
}

#if canImport(Glibc)
  private let openFileResource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
  private let openFileResource = RLIMIT_NOFILE
#endif
