/// A thread of the operating system. Unlike a task, it may block: in reads, and while it waits for its turn.
package struct WorkerThread {
  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  private let thread: pthread_t

  private init(_ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(run)).toOpaque()
    #if canImport(Darwin)
      var thread: pthread_t?
      let result = pthread_create(&thread, nil, { Self.start($0) }, body)
      precondition(result == 0, "the system has no thread left")
      self.thread = thread!
    #else
      var thread = pthread_t()
      let result = pthread_create(&thread, nil, { Self.start($0!) }, body)
      precondition(result == 0, "the system has no thread left")
      self.thread = thread
    #endif
  }

  private static func start(_ body: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
    return nil
  }

  /// Runs each of `bodies` on a thread of its own, and waits for all of them.
  package static func run(_ bodies: [@Sendable () -> Void]) {
    let threads = bodies.map { WorkerThread($0) }
    for thread in threads { pthread_join(thread.thread, nil) }
  }
}
