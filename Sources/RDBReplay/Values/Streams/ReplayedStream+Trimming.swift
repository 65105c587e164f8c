import RDBFormat

extension ReplayedStream {
  /// What XTRIM keeps.
  enum Threshold {
    /// The newest entries, so many.
    case length(UInt64)
    /// The entries from an ID on.
    case id(StreamID)
  }

  /// What happens to the pending entries of a deleted entry.
  enum References {
    /// They stay.
    case keep
    /// They are removed.
    case delete
    /// Only entries that all groups have read and acknowledged are deleted.
    case acknowledged
  }

  /// Removes the oldest entries.
  ///
  /// - Parameter isApproximate: Whether only whole nodes are removed.
  func trim(_ threshold: Threshold, isApproximate: Bool, _ references: References = .keep) {
    var index = firstNode
    while index < nodes.count {
      if case .length(let keep) = threshold, length <= keep { return }
      let isWhole = isBefore(threshold, nodes[index])
      if isApproximate, !isWhole { return }
      if isWhole, references == .keep {
        length -= UInt64(nodes[index].liveCount)
        removeNode(index)
        index = firstNode
        continue
      }
      trimEntries(of: index, threshold, references)
      if !isWhole, references == .keep { return }
      let wasFirst = index == firstNode
      if nodes[index].liveCount == 0 { removeNode(index) } else { index += 1 }
      if wasFirst { index = max(index, firstNode) }
    }
  }

  /// Whether the threshold asks for all entries of a node to be removed.
  private func isBefore(_ threshold: Threshold, _ node: StreamNode) -> Bool {
    switch threshold {
    case .length(let keep): length - UInt64(node.liveCount) >= keep
    case .id(let first): node.slots.last.map { $0.id < first } ?? true
    }
  }

  private func trimEntries(of index: Int, _ threshold: Threshold, _ references: References) {
    for slot in nodes[index].firstLive..<nodes[index].slots.count {
      let entry = nodes[index].slots[slot]
      switch threshold {
      case .length(let keep): if length <= keep { return }
      case .id(let first): if entry.id >= first { return }
      }
      if entry.isDeleted || !release(entry.id, references) { continue }
      nodes[index].delete(at: slot)
      length -= 1
    }
  }

  /// Prepares the pending entries for the deletion of an entry.
  ///
  /// - Returns: Whether it may be deleted.
  func release(_ id: StreamID, _ references: References) -> Bool {
    switch references {
    case .keep: return true
    case .delete:
      groups.forEach { _, group in change(group) { group.acknowledge(id) } }
      return true
    case .acknowledged:
      var isFree = true
      groups.forEach { _, group in
        if group.lastDelivered < id || group.pending(id) != nil { isFree = false }
      }
      return isFree
    }
  }
}
