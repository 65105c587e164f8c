/// A mutex with a condition.
package final class Lock {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
  private let condition: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)

  /// Creates an unlocked lock.
  package init() {
    pthread_mutex_init(mutex, nil)
    #if canImport(Darwin)
      pthread_cond_init(condition, nil)
    #else
      var attributes = pthread_condattr_t()
      pthread_condattr_init(&attributes)
      // Waiting must not end early or late because someone sets the time of day.
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      pthread_cond_init(condition, &attributes)
      pthread_condattr_destroy(&attributes)
    #endif
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Locks, waiting as long as another thread has the lock.
  package func lock() { pthread_mutex_lock(mutex) }
  /// Unlocks.
  package func unlock() { pthread_mutex_unlock(mutex) }
  /// Unlocks, waits until another thread calls ``wakeAll()``, and locks again.
  package func wait() { pthread_cond_wait(condition, mutex) }
  /// Unlocks, waits at most `nanoseconds` until another thread calls ``wakeAll()``, and locks again.
  package func wait(atMost nanoseconds: UInt64) {
    let second: UInt64 = 1_000_000_000
    #if canImport(Darwin)
      var time = timespec(tv_sec: Int(nanoseconds / second), tv_nsec: Int(nanoseconds % second))
      pthread_cond_timedwait_relative_np(condition, mutex, &time)
    #else
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      let fraction = UInt64(time.tv_nsec) + nanoseconds % second
      time.tv_sec += Int(nanoseconds / second + fraction / second)
      time.tv_nsec = Int(fraction % second)
      pthread_cond_timedwait(condition, mutex, &time)
    #endif
  }

  /// Wakes all threads that wait.
  package func wakeAll() { pthread_cond_broadcast(condition) }
}
