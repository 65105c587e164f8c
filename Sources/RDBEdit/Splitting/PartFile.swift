import RDB
import RDBFormat
import RDBSupport

/// The files of a folder that are written at the same time, of which only some are open.
final class PartFiles {
  /// The largest size of all buffers together, in bytes.
  private static let bufferLimit = 64 << 20
  /// The size from which a buffer is written, in bytes.
  fileprivate static let writtenByteCount = 256 << 10

  let folder: String
  private let openLimit: Int
  /// The open files. The first one was opened first, and is closed first.
  private var open: [PartFile] = []
  private var buffered: [PartFile] = []
  private var bufferedByteCount = 0

  /// - Parameters:
  ///   - folder: The path of the folder, which exists.
  ///   - openLimit: The largest number of open files.
  init(folder: String, openLimit: Int) { (self.folder, self.openLimit) = (folder, max(openLimit, 1)) }

  /// Notes that a file is open now, and closes another one if there are too many.
  fileprivate func add(_ file: PartFile) throws(RDBError) {
    if open.count >= openLimit { try open.removeFirst().close() }
    open.append(file)
  }

  /// Notes that a file has bytes in its buffer.
  fileprivate func buffer(_ file: PartFile, _ byteCount: Int, isFirst: Bool) throws(RDBError) {
    if isFirst { buffered.append(file) }
    bufferedByteCount += byteCount
    if bufferedByteCount > Self.bufferLimit { try writeBuffers() }
  }

  fileprivate func forget(bufferedByteCount byteCount: Int) { bufferedByteCount -= byteCount }

  /// Writes all buffers.
  func writeBuffers() throws(RDBError) {
    for file in buffered { try file.writeBuffer() }
    buffered = []
  }

  /// Closes all files.
  func close() throws(RDBError) {
    for file in open { try file.close() }
    open = []
  }
}

/// A file in the folder of ``PartFiles``.
final class PartFile: ByteDestination {
  let name: String
  private unowned let files: PartFiles
  private var file: FileDestination?
  private var exists = false
  private var buffer: [UInt8] = []

  init(_ name: String, in files: PartFiles) { (self.name, self.files) = (name, files) }

  private var path: String { "\(files.folder)/\(name)" }

  func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    let byteCount = bytes.byteCount + more.byteCount
    if buffer.count + byteCount < PartFiles.writtenByteCount {
      let isFirst = buffer.isEmpty
      buffer.append(bytes)
      buffer.append(more)
      return try files.buffer(self, byteCount, isFirst: isFirst)
    }
    if buffer.isEmpty { return try opened().write(bytes, followedBy: more) }
    let held = buffer
    forgetBuffer()
    try opened().write(held.span.bytes, followedBy: bytes)
    if more.byteCount > 0 { try opened().write(more, followedBy: RawSpan()) }
  }

  private func forgetBuffer() {
    files.forget(bufferedByteCount: buffer.count)
    buffer = []
  }

  fileprivate func writeBuffer() throws(RDBError) {
    if buffer.isEmpty { return }
    let held = buffer
    forgetBuffer()
    try opened().write(held.span.bytes, followedBy: RawSpan())
  }

  /// Replaces bytes that were written.
  func replace(at offset: UInt64, with bytes: [UInt8]) throws(RDBError) {
    try writeBuffer()
    let file = try opened()
    let count = bytes.withUnsafeBytes { pwrite(file.descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    if count != bytes.count { throw .system("write", offset: Int(offset), path: path) }
  }

  /// Opens the file, at its end.
  private func opened() throws(RDBError) -> FileDestination {
    if let file { return file }
    let flags = O_WRONLY | O_CLOEXEC | (exists ? 0 : O_CREAT | O_EXCL)
    let descriptor = open(path, flags, 0o666)
    guard descriptor >= 0 else { throw .system("open", offset: 0, path: path) }
    if exists { lseek(descriptor, 0, SEEK_END) }
    exists = true
    let file = FileDestination(descriptor: descriptor)
    self.file = file
    try files.add(self)
    return file
  }

  /// Closes the file until it is written again.
  fileprivate func close() throws(RDBError) {
    guard let descriptor = file?.descriptor else { return }
    file = nil
    guard closeFile(descriptor) == 0 else { throw .system("close", offset: 0, path: path) }
  }

  deinit { if let descriptor = file?.descriptor { _ = closeFile(descriptor) } }
}

/// The C function, which a method named `close` hides.
private func closeFile(_ descriptor: Int32) -> Int32 { close(descriptor) }
