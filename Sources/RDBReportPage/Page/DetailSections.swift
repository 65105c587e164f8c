import RDBAnalysis

/// The sections about single keys, hash slots, known keyspaces, near misses and repeated values.
extension HTMLText {
  mutating func largest(_ document: ReportDocument) {
    section("keys", "Biggest keys", "Sort by any column; type to filter.") { html in
      html.keys("largest/memory", "Keys by memory", "memory_bytes", document.largest.memory)
      html.folded("Keys by elements") {
        $0.keys("largest/elements", "Keys by elements", "elements", document.largest.elements)
      }
      if !document.largest.idle.isEmpty {
        html.folded("Keys not used for longest") {
          $0.keys("largest/idle", "Keys by idle time", "idle", document.largest.idle)
        }
      }
      if !document.largest.frequency.isEmpty {
        html.folded("Keys used most") {
          $0.keys("largest/frequency", "Keys by access frequency", "freq", document.largest.frequency)
        }
      }
    }
  }

  private mutating func folded(_ summary: String, _ content: (inout HTMLText) -> Void) {
    markup("<details><summary>")
    text(summary)
    markup("</summary>")
    content(&self)
    markup("</details>")
  }

  private mutating func keys(_ path: String, _ caption: String, _ sorted: String, _ rows: [KeyRow]) {
    var columns: [PageTable<KeyRow>.Column] = [
      .words("key", "key") { .name($0.key) },
      .words("type", "type") { .text($0.type) },
      .words("encoding", "encoding") { .text($0.encoding ?? "–") },
      .number("memory", "memory_bytes") { .bytes($0.memoryByteCount) },
      .number("elements", "elements") { .count($0.elements) },
      .number("largest element", "largest_element_bytes") { .bytes($0.largestElementByteCount) },
      .number("expires", "expire_ms") {
        .figure(
          $0.expiryMilliseconds.map(Figure.time(milliseconds:)) ?? "never",
          $0.expiryMilliseconds)
      },
    ]
    if rows.contains(where: { $0.database > 0 }) {
      columns.insert(.number("db", "db") { .count($0.database) }, at: 1)
    }
    if rows.contains(where: { $0.idleSeconds != nil }) {
      columns.append(.number("idle", "idle") { .figure(Figure.duration(seconds: $0.idleSeconds), $0.idleSeconds) })
    }
    if rows.contains(where: { $0.frequency != nil }) {
      columns.append(.number("frequency", "freq") { .count($0.frequency) })
    }
    table(
      PageTable<KeyRow>(
        path: path, caption: caption, isFilterable: true, sorted: sorted, columns: columns, rows: rows))
  }

  mutating func slots(_ document: ReportDocument) {
    let slots = document.slots
    section("slots", "Hash slots", "How a cluster would divide the memory. Each bar is \(slots.binWidth) slots.") {
      html in
      let most = slots.bins.map(\.memoryByteCount).max() ?? 0
      html.markup("<p>")
      html.figure(Figure.count(UInt64(slots.used)), slots.used, at: "slots/used")
      html.text(" of 16,384 slots have keys; the largest has ")
      html.figure(Figure.ratio(slots.skew), slots.skew, at: "slots/skew")
      html.text(" times the mean. ")
      html.figure(Figure.count(slots.taggedKeys), slots.taggedKeys, at: "slots/tagged_keys")
      html.text(" keys have a hash tag.")
      html.markup("</p><svg class=\"slots\" viewBox=\"0 0 \(slots.bins.count) 40\" preserveAspectRatio=\"none\" ")
      html.markup("role=\"img\" aria-label=\"Memory by hash slot\">")
      for (index, bin) in slots.bins.enumerated() {
        let height = most > 0 ? (Double(bin.memoryByteCount) / Double(most) * 400).rounded() / 10 : 0
        html.markup(
          "<rect class=\"cool\" x=\"\(index)\" y=\"\(40 - height)\" width=\"0.8\" height=\"\(height)\" "
            + "data-v=\"\(bin.memoryByteCount)\"><title>slots \(bin.slot) to \(bin.slot + slots.binWidth - 1): "
            + "\(Figure.bytes(bin.memoryByteCount)), \(Figure.counted(bin.keys, "key"))</title></rect>")
      }
      html.markup("</svg><p class=\"axis\"><span>0</span><span>8192</span><span>16383</span></p>")
      html.markup("<div class=\"pair\"><div><h3>Largest slots</h3>")
      html.table(
        PageTable<SlotsDocument.Row>(
          path: "slots/largest", caption: "Slots by memory", sorted: "memory_bytes",
          columns: [
            .number("slot", "slot") { .figure("\($0.slot)", UInt64($0.slot)) },
            .number("memory", "memory_bytes") { .bytes($0.memoryByteCount) },
            .number("keys", "keys") { .count($0.keys) },
          ], rows: slots.largest))
      html.markup("</div>")
      if !slots.tags.isEmpty {
        html.markup("<div><h3>Hash tags</h3>")
        html.table(
          PageTable<SlotsDocument.Tag>(
            path: "slots/tags", caption: "Hash tags by keys", sorted: "keys",
            columns: [
              .words("tag", "tag") { .example($0.tag) },
              .number("keys", "keys") { .figure(Figure.estimate($0.keys, error: $0.keysError), $0.keys) },
            ], rows: slots.tags))
        html.markup("</div>")
      }
      html.markup("</div>")
    }
  }

  mutating func keyspaces(_ document: ReportDocument) {
    section(
      "keyspaces", "Recognised keyspaces", document.keyspaces.recognised.joined(separator: ", ") + "."
    ) { html in
      html.table(
        PageTable<KeyspaceSummary>(
          path: "keyspaces/rows", caption: "Recognised keyspaces", sorted: "",
          columns: [
            .words("library", "keyspace") { .text($0.keyspace) },
            .words("part", "role") { .text($0.role) },
            .number("memory", "memory_bytes") { .bytes($0.memoryByteCount) },
            .number("keys", "keys") { .count($0.keys) },
            .number("elements", "elements") { .count($0.elements) },
            .number("expired", "keys_expired") { .count($0.keysExpired) },
          ], rows: document.keyspaces.rows))
      guard let sessions = document.keyspaces.sessions else { return }
      html.markup("<p>Spring sessions: ")
      html.estimate(sessions.whole, "whole")
      html.text(" whole, ")
      html.estimate(sessions.expired, "expired")
      html.text(" expired, ")
      html.estimate(sessions.withoutMark, "without_mark")
      html.text(" without an expiry mark; ")
      html.estimate(sessions.markOnly, "mark_only")
      html.text(" marks without a session.")
      html.markup("</p>")
    }
  }

  private mutating func estimate(_ estimate: SessionSummary.Estimate, _ member: String) {
    figure(
      Figure.estimate(estimate.count, error: estimate.error), estimate.count,
      at: "keyspaces/sessions/\(member)/count")
  }

  mutating func nearMisses(_ document: ReportDocument) {
    section(
      "misses", "Encodings just missed",
      document.nearMisses.isEmpty
        ? "No collection is just above a limit of its compact form."
        : "Collections that a slightly higher limit would keep compact."
    ) { html in
      guard !document.nearMisses.isEmpty else { return }
      html.table(
        PageTable<NearMissRow>(
          path: "near_misses", caption: "Encodings just missed", sorted: "saved_bytes",
          columns: [
            .words("setting", "setting") { .text($0.setting) },
            .number("saves", "saved_bytes") { .bytes($0.savedByteCount) },
            .number("keys", "keys") { .count($0.keys) },
            .number("default", "limit") { .count($0.limit) },
            .number("needed", "needed") { .count($0.needed) },
          ], rows: document.nearMisses))
    }
  }

  mutating func repeated(_ document: ReportDocument) {
    let repeated = document.repeated
    let sample = repeated.sampling > 1 ? " In a sample of 1 key in \(Figure.count(repeated.sampling))." : ""
    section(
      "repeated", "Repeated values",
      (repeated.rows.isEmpty ? "No string value was found twice." : "Strings that several keys have.") + sample
    ) { html in
      guard !repeated.rows.isEmpty else { return }
      html.table(
        PageTable<RepeatedDocument.Row>(
          path: "repeated/rows", caption: "Repeated values", sorted: "wasted_bytes",
          columns: [
            .words("as in", "example") { .example($0.example) },
            .number("copies take", "wasted_bytes") { .bytes($0.wastedByteCount) },
            .number("size", "bytes") { .bytes($0.byteCount) },
            .number("keys", "keys") { .figure(Figure.estimate($0.keys, error: $0.keysError), $0.keys) },
          ], rows: repeated.rows))
    }
  }
}
