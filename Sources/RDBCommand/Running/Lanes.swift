import RDB

/// Several files written by the same workers, each in file order.
///
/// All of them share one row of workers: every piece says first which file it is for.
final class Lanes: ByteDestination {
  private let files: [OutputFile]
  /// Why writing ended, if it did.
  private(set) var failure: Failure?

  init(_ files: [OutputFile]) { self.files = files }

  /// - Parameter first: The number of a file, in one byte.
  func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) throws(RDBError) {
    guard let number = first.first else { return }
    let file = files[Int(number)]
    do throws(RDBError) {
      try file.write(second, UnsafeRawBufferPointer(start: nil, count: 0))
    } catch {
      failure = error.failure(in: file.shownName, isOutput: true)
      throw error
    }
  }

  /// A worker's way to one of the files.
  final class Lane: ByteDestination {
    private let number: UnsafeMutableRawBufferPointer
    private let destination: any ByteDestination

    /// - Parameter destination: ``Lanes``, or a worker's place in front of them.
    init(_ number: Int, to destination: any ByteDestination) {
      self.number = .allocate(byteCount: 1, alignment: 1)
      self.number[0] = UInt8(number)
      self.destination = destination
    }

    deinit { number.deallocate() }

    func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) throws(RDBError) {
      if !first.isEmpty { try destination.write(UnsafeRawBufferPointer(number), first) }
      if !second.isEmpty { try destination.write(UnsafeRawBufferPointer(number), second) }
    }
  }
}
