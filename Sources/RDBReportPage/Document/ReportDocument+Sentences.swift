import RDBAnalysis

extension ReportDocument {
  /// The summary.
  var sentences: [Sentence] {
    guard total.keys > 0 else { return ["The snapshot has no keys."] }
    var sentences = [memorySentence]
    if total.keysExpired > 0 {
      sentences.append(
        "\(text: total.keysExpired == 1 ? "One key" : Figure.counted(total.keysExpired, "key")) had expired when the snapshot was written, and still \(text: total.keysExpired == 1 ? "takes" : "take") \(bytes: total.memoryExpired)."
      )
    }
    if let largest = largest.memory.first, let bytes = largest.memoryByteCount, bytes >= total.memoryByteCount / 20 {
      sentences.append(
        "One key, \(largest.key), takes \(share: bytes, of: total.memoryByteCount) of the memory: \(bytes: bytes).")
    }
    if !keyspaces.recognised.isEmpty {
      sentences.append("The keys of \(text: keyspaces.recognised.joined(separator: ", ")) are recognised.")
    }
    if let growth = growth?.first, growth.growth != 0 {
      sentences.append(
        "From the first snapshot to the last, \(growth.prefix) \(text: growth.growth > 0 ? "grew" : "shrank") most: by \(bytes: growth.growth.magnitude)."
      )
    }
    return sentences
  }

  private var memorySentence: Sentence {
    var sentence: Sentence =
      "The \(text: dumps.count == 1 ? "" : mode == .merged ? "\(dumps.count) snapshots' " : "last snapshot's ")keys take an estimated \(bytes: total.memoryByteCount). "
    guard total.memoryWithoutExpiry > 0 else {
      sentence.parts.append(.text("All of it expires."))
      return sentence
    }
    let share: Sentence = "\(share: total.memoryWithoutExpiry, of: total.memoryByteCount) of it never expires"
    sentence.parts += share.parts
    guard let first = neverExpiring.first else {
      sentence.parts.append(.text("."))
      return sentence
    }
    let isMost = first.memoryByteCount * 2 > total.memoryWithoutExpiry
    let rest: Sentence =
      "; \(first.prefix) holds \(text: isMost ? "most of that" : "the largest part of that"), \(bytes: first.memoryByteCount) in \(count: first.keys) \(text: first.keys == 1 ? "key" : "keys")."
    sentence.parts += rest.parts
    return sentence
  }

  /// The steps that can save most memory, in descending order of it.
  func steps(command: (NextStep.Subject) -> String) -> [NextStep] {
    var steps: [NextStep] = []
    func add(_ subject: NextStep.Subject, _ bytes: UInt64, _ sentence: Sentence) {
      guard bytes > 0 else { return }
      steps.append(
        NextStep(subject: subject, savedByteCount: bytes, sentence: sentence, command: command(subject)))
    }
    for candidate in separateCandidates {
      add(
        .prefixWithoutExpiry(candidate.prefix), candidate.memoryByteCount,
        "Give \(candidate.prefix) an expiry: \(bytes: candidate.memoryByteCount) in \(text: Figure.counted(candidate.keys, "key")) that nothing removes."
      )
    }
    add(
      .expiredKeys(reference: reference.to), total.memoryExpired,
      "Remove \(text: Figure.counted(total.keysExpired, "key")) that had expired when the snapshot was written: \(bytes: total.memoryExpired)."
    )
    let idleLong = idle.filter { $0.range.rawValue >= ExpiryRange.underQuarter.rawValue }
    add(
      .idleKeys, idleLong.reduce(0) { $0 &+ $1.memoryByteCount },
      "Remove what is not used: \(text: Figure.counted(idleLong.reduce(0) { $0 &+ $1.keys }, "key")) were not read for 30 days and more, \(bytes: idleLong.reduce(0) { $0 &+ $1.memoryByteCount })."
    )
    for miss in nearMisses {
      add(
        .nearMisses, miss.savedByteCount,
        "Raise \(code: miss.setting) from \(count: miss.limit) to \(count: miss.needed): \(text: Figure.counted(miss.keys, "key")) become compact, \(bytes: miss.savedByteCount) less."
      )
    }
    if let value = repeated.rows.first {
      add(
        .repeatedValues, repeated.rows.reduce(0) { $0 &+ $1.wastedByteCount },
        "Store repeated values once: \(text: Figure.counted(value.keys, "key")) have the \(bytes: value.byteCount) of \(example: value.example); the copies of \(text: Figure.counted(UInt64(repeated.rows.count), "value")) take \(bytes: repeated.rows.reduce(0) { $0 &+ $1.wastedByteCount })."
      )
    }
    // The command needs the whole name.
    for key in largest.memory.prefix(3) where key.key.bytes.count < ReportLimits.name {
      guard let bytes = key.memoryByteCount, bytes >= total.memoryByteCount / 20 else { continue }
      add(
        .largeKey(key.key, database: key.database, isString: key.type == "string"), bytes,
        "Split or trim \(key.key), a \(text: key.type)\(text: key.type == "string" ? "" : " of \(Figure.counted(key.elements, "element"))"): \(bytes: bytes) in one key."
      )
    }
    steps.sort { a, b in
      a.savedByteCount != b.savedByteCount ? a.savedByteCount > b.savedByteCount : a.text < b.text
    }
    return Array(steps.prefix(ReportLimits.steps))
  }

  /// The candidates of which none begins with another.
  private var separateCandidates: [CandidateRow] {
    var kept: [CandidateRow] = []
    for candidate in neverExpiring where kept.count < 5 {
      let overlaps = kept.contains {
        candidate.prefix.bytes.starts(with: $0.prefix.bytes) || $0.prefix.bytes.starts(with: candidate.prefix.bytes)
      }
      if !overlaps { kept.append(candidate) }
    }
    return kept
  }
}
