/// A mutex with a condition.
package final class Lock {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
  private let condition: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)

  /// Creates an unlocked lock.
  package init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
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
  /// Wakes all threads that wait.
  package func wakeAll() { pthread_cond_broadcast(condition) }
}
