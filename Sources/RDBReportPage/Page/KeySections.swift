import RDBAnalysis

/// The sections about prefixes, types, expiry and sizes.
extension HTMLText {
  mutating func prefixes(_ document: ReportDocument) {
    section(
      "memory", "Where the memory is",
      "Width is memory; colour is the share that never expires. Select a prefix to zoom."
    ) { html in
      html.markup(
        "<div class=\"tools\"><div role=\"group\" aria-label=\"Chart\" class=\"switch\">"
          + "<button type=\"button\" id=\"show-icicle\" aria-pressed=\"true\">Icicle</button>"
          + "<button type=\"button\" id=\"show-treemap\" aria-pressed=\"false\">Treemap</button></div>"
          + "<nav id=\"path\" aria-label=\"Zoom\"></nav></div>\n"
          + "<div id=\"chart\"></div>\n<p class=\"legend\">all of it expires <svg class=\"ramp\" aria-hidden=\"true\">")
      for step in 0...10 {
        html.markup("<rect class=\"c\(step)\" x=\"\(step * 12)\" width=\"12\" height=\"100%\"/>")
      }
      html.markup(
        "</svg> none of it does</p>\n<p class=\"hint\">Arrow keys move, Enter zooms in, Escape zooms out.</p>\n"
          + "<details><summary>The same as a table</summary>")
      let rows = document.prefixes
      let whole = document.total.memoryByteCount
      html.table(
        PageTable<PrefixRow>(
          path: "prefixes", caption: "Prefixes", isFilterable: true, sorted: "",
          columns: [
            .words("prefix", "prefix") { row in
              row.depth == 0 ? .text("all keys") : row.kind == .other ? .text("(other)") : .name(row.prefix)
            },
            .number("memory", "memory_bytes") { .bytes($0.memoryByteCount) },
            .chart("share") { .bar($0.memoryByteCount, of: whole, isWarm: false) },
            .number("never expires", "memory_bytes_without_expiry") { .bytes($0.memoryWithoutExpiry) },
            .number("keys", "keys") { .count($0.keys) },
            .number("expired", "keys_expired") { .count($0.keysExpired) },
          ], rows: rows))
      html.markup("</details>")
      if document.omittedPrefixCount > 0 {
        html.markup("<p class=\"hint\">")
        html.figure(
          Figure.counted(UInt64(document.omittedPrefixCount), "smaller prefix").replacing("prefixs", with: "prefixes"),
          document.omittedPrefixCount, at: "omitted_prefixes")
        html.markup(" left out.</p>")
      }
    }
  }

  mutating func neverExpiring(_ document: ReportDocument) {
    section(
      "never", "What never expires",
      document.neverExpiring.isEmpty ? "No prefix has keys without an expiry." : "Prefixes by memory without expiry."
    ) { html in
      let whole = document.total.memoryWithoutExpiry
      guard !document.neverExpiring.isEmpty else { return }
      let hasIdle = document.neverExpiring.contains { $0.meanIdleSeconds != nil }
      html.table(
        PageTable<CandidateRow>(
          path: "never_expiring", caption: "Prefixes by memory without expiry",
          sorted: "memory_bytes_without_expiry",
          columns: [
            .words("prefix", "prefix") { .name($0.prefix) },
            .number("memory", "memory_bytes_without_expiry") { .bytes($0.memoryByteCount) },
            .chart("share") { .bar($0.memoryByteCount, of: whole, isWarm: true) },
            .number("keys", "keys_without_expiry") { .count($0.keys) },
          ]
            + (hasIdle
              ? [
                .number("idle, mean", "mean_idle_seconds") {
                  .figure(Figure.duration(seconds: $0.meanIdleSeconds), $0.meanIdleSeconds)
                }
              ] : []),
          rows: document.neverExpiring))
    }
  }

  mutating func types(_ document: ReportDocument) {
    section("types", "Types and encodings", "Memory by stored form.") { html in
      let whole = document.total.memoryByteCount
      html.table(
        PageTable<TypeRow>(
          path: "types", caption: "Types and encodings", sorted: "memory_bytes",
          columns: [
            .words("type", "type") { .text($0.type) },
            .words("encoding", "encoding") { .text($0.encoding ?? "–") },
            .number("memory", "memory_bytes") { .bytes($0.memoryByteCount) },
            .chart("share") { .bar($0.memoryByteCount, of: whole, isWarm: false) },
            .number("keys", "keys") { .count($0.keys) },
          ], rows: document.types))
    }
  }

  mutating func expiry(_ document: ReportDocument) {
    section("expiry", "When keys expire", "Memory by remaining time.") { html in
      html.ranges("expiry", "Memory by remaining time", document.expiry) { $0 == .never ? "never" : $0.remaining }
    }
  }

  mutating func idle(_ document: ReportDocument) {
    section("idle", "When keys were used", "Memory by idle time.") { html in
      html.ranges("idle", "Memory by idle time", document.idle) { $0.remaining }
    }
  }

  private mutating func ranges(
    _ path: String, _ caption: String, _ rows: [RangeRow], _ label: @escaping (ExpiryRange) -> String
  ) {
    let most = rows.map(\.memoryByteCount).max() ?? 0
    table(
      PageTable<RangeRow>(
        path: path, caption: caption,
        columns: [
          .words("time", "range") { .text(label($0.range)) },
          .chart("") { .bar($0.memoryByteCount, of: most, isWarm: $0.range == .never || $0.range == .expired) },
          .number("memory", "memory_bytes") { .bytes($0.memoryByteCount) },
          .number("keys", "keys") { .count($0.keys) },
        ], rows: rows))
  }

  mutating func sizes(_ document: ReportDocument) {
    section("sizes", "Sizes", "Memory of one key, by type.") { html in
      html.table(
        PageTable<SizesDocument.Row>(
          path: "sizes/rows", caption: "Memory of one key", sorted: "",
          columns: [
            .words("type", "subject") { .text($0.subject) },
            .number("mean", "mean_bytes") { .bytes($0.mean) },
            .number("half below", "p50_bytes") { .bytes($0.quantile50) },
            .number("90 %", "p90_bytes") { .bytes($0.quantile90) },
            .number("99 %", "p99_bytes") { .bytes($0.quantile99) },
            .number("99.9 %", "p999_bytes") { .bytes($0.quantile999) },
          ], rows: document.sizes.rows))
    }
  }

  mutating func histograms(_ document: ReportDocument) {
    section(
      "histograms", "How keys are distributed",
      "Number of keys; each bar covers four times the range of the one before."
    ) { html in
      html.markup("<div class=\"triple\">")
      html.histogram("sizes/memory", "Memory of a key", document.sizes.memory, Figure.bytes)
      html.histogram("sizes/strings", "Length of a string", document.sizes.strings, Figure.bytes)
      html.histogram("sizes/elements", "Elements of a collection", document.sizes.elements, Figure.count)
      html.markup("</div>")
    }
  }

  private mutating func histogram(
    _ path: String, _ caption: String, _ rows: [BucketRow], _ text: @escaping (UInt64?) -> String
  ) {
    guard !rows.isEmpty else { return }
    let most = rows.map(\.keys).max() ?? 0
    markup("<div><h3>")
    self.text(caption)
    markup("</h3>")
    table(
      PageTable<BucketRow>(
        path: path, caption: caption,
        columns: [
          .number("from", "from") { .figure(text($0.from), $0.from) },
          .chart("") { .bar($0.keys, of: most, isWarm: false) },
          .number("keys", "keys") { .count($0.keys) },
        ], rows: rows))
    markup("</div>")
  }
}

extension ExpiryRange {
  /// The range as text.
  fileprivate var remaining: String {
    switch self {
    case .expired: "expired"
    case .underMinute: "under 1 minute"
    case .underHour: "under 1 hour"
    case .underDay: "under 1 day"
    case .underWeek: "under 7 days"
    case .underMonth: "under 30 days"
    case .underQuarter: "under 90 days"
    case .underYear: "under 1 year"
    case .longer: "longer"
    case .never: "never"
    }
  }
}
