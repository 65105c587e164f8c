import RDBAnalysis

extension HTMLText {
  /// The head of the page: its title, the snapshots, the summary, and the most important figures.
  mutating func head(_ document: ReportDocument) {
    markup("<header>\n<div class=\"top\"><h1>")
    text(document.title)
    markup("</h1><button type=\"button\" id=\"theme\">Theme: system</button></div>\n<p class=\"origin\">")
    text(document.origin)
    markup("</p>\n<p class=\"summary\">")
    for (index, sentence) in document.sentences.enumerated() {
      if index > 0 { markup(index == 1 ? "</p>\n<p class=\"more\">" : " ") }
      self.sentence(sentence)
    }
    markup("</p>\n<dl class=\"tiles\">")
    let total = document.total
    tile("Keys", Figure.count(total.keys), total.keys, "keys")
    tile("Memory, estimated", Figure.bytes(total.memoryByteCount), total.memoryByteCount, "memory_bytes")
    tile("Values in the file", Figure.bytes(total.serializedByteCount), total.serializedByteCount, "serialized_bytes")
    tile(
      "Never expires", Figure.share(total.memoryWithoutExpiry, of: total.memoryByteCount), total.memoryWithoutExpiry,
      "memory_bytes_without_expiry")
    tile("Expired when written", Figure.count(total.keysExpired), total.keysExpired, "keys_expired")
    if let largest = total.largestKeyByteCount {
      tile("Largest key", Figure.bytes(largest), largest, "largest_key_bytes")
    }
    markup("</dl>\n</header>\n")
  }

  private mutating func tile(_ title: String, _ figure: String, _ value: UInt64, _ member: String) {
    markup("<div><dt>")
    text(title)
    markup("</dt><dd>")
    self.figure(figure, value, at: "total/\(member)")
    markup("</dd></div>")
  }

  mutating func sections(_ document: ReportDocument) {
    if document.dumps.count > 1 { dumps(document) }
    if let growth = document.growth, !growth.isEmpty { self.growth(growth) }
    guard document.total.keys > 0 else { return }
    prefixes(document)
    markup("<div class=\"pair\">")
    neverExpiring(document)
    types(document)
    markup("</div>\n<div class=\"pair\">")
    expiry(document)
    if document.idle.isEmpty { sizes(document) } else { idle(document) }
    markup("</div>\n")
    if !document.idle.isEmpty { sizes(document) }
    histograms(document)
    largest(document)
    slots(document)
    if !document.keyspaces.rows.isEmpty { keyspaces(document) }
    markup("<div class=\"pair\">")
    nearMisses(document)
    repeated(document)
    markup("</div>\n")
    nextSteps(document)
  }

  mutating func foot(_ document: ReportDocument) {
    markup("<footer><p>")
    text(
      "Counts and sums are exact. Memory is an estimate of what a server that has just loaded the snapshot needs. "
        + "Percentiles are at most \(Figure.share(UInt64(document.sizes.quantileError * 1e6), of: 1_000_000)) off.")
    if let from = document.reference.from {
      text(" Keys expire as seen from \(Figure.time(milliseconds: from))")
      if let to = document.reference.to, to != from { text(" to \(Figure.time(milliseconds: to))") }
      text(".")
    }
    if document.isRedacted { text(" Names of keys are replaced: the same part of a name has the same token.") }
    markup("</p></footer>\n")
  }

  // MARK: Several snapshots

  private mutating func dumps(_ document: ReportDocument) {
    let most = document.dumps.map(\.memoryByteCount).max() ?? 0
    let isOverTime = document.mode == .overTime
    section(
      "snapshots", isOverTime ? "The snapshots over time" : "The snapshots compared",
      isOverTime
        ? "The oldest first. All other sections are about the last."
        : "All other sections are about all of them together."
    ) { html in
      html.table(
        PageTable<DumpRow>(
          path: "dumps", caption: "Snapshots", sorted: "",
          columns: [
            .words("snapshot", "name") { .text($0.name) },
            .number("written", "written_ms") {
              .figure(
                $0.writtenMilliseconds.map(Figure.time(milliseconds:)) ?? "–",
                $0.writtenMilliseconds)
            },
            .number("keys", "keys") { .count($0.keys) },
            .number("memory", "memory_bytes") { .bytes($0.memoryByteCount) },
            .chart("") { .bar($0.memoryByteCount, of: most, isWarm: false) },
            .number("never expires", "memory_bytes_without_expiry") { .bytes($0.memoryWithoutExpiry) },
            .number("slots used", "used_slots") { .count(UInt64($0.usedSlots)) },
            .words("largest prefix", "largest_prefix") { .shortName($0.largestPrefix) },
            .number("its memory", "largest_prefix_bytes") { .bytes($0.largestPrefixByteCount) },
          ], rows: document.dumps))
    }
  }

  private mutating func growth(_ rows: [GrowthRow]) {
    section("growth", "What grew", "Prefixes by the difference between the first snapshot and the last.") { html in
      html.table(
        PageTable<GrowthRow>(
          path: "growth", caption: "Growth by prefix", isFilterable: true, sorted: "",
          columns: [
            .words("prefix", "prefix") { .name($0.prefix) },
            .number("growth", "growth_bytes") { .growth($0.growth) },
            .chart("over time") { .line($0.memory) },
            .number("before", "memory_bytes_before") { .bytes($0.memoryBefore) },
            .number("after", "memory_bytes_after") { .bytes($0.memoryAfter) },
            .number("keys before", "keys_before") { .count($0.keysBefore) },
            .number("keys after", "keys_after") { .count($0.keysAfter) },
          ], rows: rows))
    }
  }

  // MARK: What to do

  private mutating func nextSteps(_ document: ReportDocument) {
    section(
      "next", "What to do next",
      document.nextSteps.isEmpty
        ? "Nothing that saves memory was found." : "The most memory first. Steps can be about the same keys."
    ) { html in
      guard !document.nextSteps.isEmpty else { return }
      html.markup("<ol class=\"steps\">")
      for (index, step) in document.nextSteps.enumerated() {
        html.markup("<li><p>")
        html.figure(Figure.bytes(step.savedByteCount), step.savedByteCount, at: "next_steps/\(index)/saves_bytes")
        html.markup(" ")
        html.sentence(step.sentence)
        html.markup("</p><code class=\"command\" dir=\"ltr\">")
        html.text(step.command)
        html.markup("</code></li>")
      }
      html.markup("</ol>")
    }
  }
}

extension ReportDocument {
  /// Where the snapshots come from, in one line.
  var origin: String {
    guard dumps.count == 1, let dump = dumps.first else {
      return mode == .overTime ? "One keyspace over time" : "Parts of one keyspace, merged"
    }
    return [
      dump.server, dump.version.map { "RDB \($0)" },
      dump.writtenMilliseconds.map { "written \(Figure.time(milliseconds: $0))" }, dump.checksum,
    ].compactMap { $0 }.joined(separator: " · ")
  }
}
