import Foundation
import RDBSupport
import Synchronization

/// A thread that moves a slot from one master of a cluster to the next, again and again.
public final class SlotMover: Sendable {
  private let isStopped = Atomic(false)
  private let result = Mutex<(moveCount: Int, failure: String?)>((0, nil))
  private let end = DispatchSemaphore(value: 0)

  /// - Parameter slot: A slot that the cluster's servers at their start have, by even division.
  public init(_ cluster: LiveCluster, _ slot: Int) {
    nonisolated(unsafe) let cluster = cluster
    WorkerThread.detach { [self] in
      var source = cluster.home(of: slot)
      // Half moves would leave the slot open.
      while !isStopped.load(ordering: .acquiring) || source != cluster.home(of: slot) {
        let target = (source + 1) % cluster.masterCount
        do {
          try cluster.move(slot, from: source, to: target, count: 7) {
            if !isStopped.load(ordering: .acquiring) { usleep(500) }
          }
        } catch {
          result.withLock { $0.failure = "\(error)" }
          break
        }
        source = target
        result.withLock { $0.moveCount += 1 }
        // The nodes tell each other who has the slot now. A slot that moved at once again would have two owners.
        usleep(300_000)
      }
      end.signal()
    }
  }

  /// Stops when the slot is where it was at first.
  ///
  /// - Returns: The number of moves.
  public func stop() throws -> Int {
    isStopped.store(true, ordering: .releasing)
    end.wait()
    let (moveCount, failure) = result.withLock { $0 }
    if let failure { throw LiveServer.Failure(description: failure) }
    return moveCount
  }
}
