/// A thread of the operating system. Unlike a task, it may block: in reads, and while it waits for other threads.
package struct WorkerThread {
  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  private let thread: pthread_t

  /// Starts the thread.
  ///
  /// - Returns: `nil` if the system has no thread left.
  private init?(_ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(run)).toOpaque()
    #if canImport(Darwin)
      var thread: pthread_t?
      let result = pthread_create(&thread, nil, { Self.start($0) }, body)
      let started = result == 0 ? thread : nil
    #else
      var thread = pthread_t()
      let result = pthread_create(&thread, nil, { Self.start($0!) }, body)
      let started = result == 0 ? thread : nil
    #endif
    guard let started else {
      Unmanaged<Body>.fromOpaque(body).release()
      return nil
    }
    self.thread = started
  }

  private static func start(_ body: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
    return nil
  }

  /// Runs each of `bodies` on a thread of its own, and waits for all of them.
  package static func run(_ bodies: [@Sendable () -> Void]) {
    let threads = bodies.map { body in
      guard let thread = WorkerThread(body) else { preconditionFailure("the system has no thread left") }
      return thread
    }
    for thread in threads { pthread_join(thread.thread, nil) }
  }

  /// Runs `body` on a thread that ends with the process.
  ///
  /// - Returns: Whether the system had a thread left.
  @discardableResult
  package static func detach(_ body: @escaping @Sendable () -> Void) -> Bool {
    guard let thread = WorkerThread(body) else { return false }
    pthread_detach(thread.thread)
    return true
  }
}
