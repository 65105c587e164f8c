import ArgumentParser
import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

extension OldCall {
  /// Writes what the other tool would have written, and says on standard error which command does it now.
  ///
  /// - Throws: ``Failure``.
  func run() throws {
    switch tool {
    case .rdbtools: try runRdbtools()
    case .hdt3213: try runHDT3213()
    }
  }

  private func say(_ words: [String], _ remark: String = "") {
    let line = (["rdb"] + words).map(Self.quoted).joined(separator: " ")
    StandardStreams.writeError("rdb: the command is now: \(visible(line))\(remark)\n")
  }

  /// A word as a shell takes it.
  private static func quoted(_ word: String) -> String {
    let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=,%+@".contains($0)) }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  private func number(_ name: String, from least: Int) throws -> Int? {
    guard let text = self[name] else { return nil }
    guard let number = Int(text), number >= least else {
      throw Failure(.usage, "-\(name) takes a number from \(least), not \(shown(text))")
    }
    return number
  }

  // MARK: redis-rdb-tools

  private func runRdbtools() throws {
    let filters = try rdbtoolsFilters()
    let output = self["f"].map { ["-o", $0] } ?? []
    let rest = [dump] + filters + output
    guard let escape = RdbtoolsText.Escape(rawValue: self["e"] ?? defaultEscape) else {
      let known = RdbtoolsText.Escape.allCases.map(\.rawValue).joined(separator: ", ")
      throw Failure(.usage, "-e takes \(known), not \(shown(self["e"] ?? ""))")
    }
    let text = RdbtoolsText(escape: escape)
    let seconds = try number("a", from: .min) ?? 0
    guard !has("x") || !has("a") else { throw Failure(.usage, "-x and -a contradict each other") }
    switch word {
    case "json": say(["json", "--shape", "rdbtools"] + rest)
    case "justkeys": say(["keys"] + rest)
    case "justkeyvals": say(["json", "--lines"] + rest)
    case "diff": say(["diff", "OTHER"] + rest, " (it compares two dumps itself)")
    case "protocol":
      let expiries = has("x") ? ["--no-expire"] : seconds > 0 ? ["--ttl-shift", "\(seconds)s"] : []
      say(["resp"] + rest + expiries)
    default:
      let bytes = self["b"].map { ["--bytes", $0] } ?? []
      say(["memory", "--csv"] + rest + bytes + (self["l"].map { ["--top", $0] } ?? []))
      return try writeRdbtoolsMemory(text, OldConversion(dump, filters, output))
    }
    guard let form = RdbtoolsSink.Form(rawValue: word) else { return }
    // As that tool, which adds no negative times.
    let amendment: Int64? = has("x") ? nil : Int64(max(seconds, 0))
    try OldConversion(dump, filters, output).write { RdbtoolsSink(form, text, amendment: amendment, to: $0) }
  }

  private var defaultEscape: String { word == "json" ? "utf8" : word == "diff" ? "print" : "raw" }

  /// The options of this command that choose the same keys.
  private func rdbtoolsFilters() throws -> [String] {
    var filters: [String] = []
    // Python's `match` begins at the first character.
    for key in values["k"]?.suffix(1) ?? [] { filters += ["-k", "^(?:\(key))"] }
    for key in values["o"]?.suffix(1) ?? [] { filters += ["-K", "^(?:\(key))"] }
    for database in values["n"] ?? [] { filters += ["-n", database] }
    for type in values["t"] ?? [] {
      let known = ["hash", "set", "string", "list", "sortedset"]
      guard known.contains(type) else {
        throw Failure(.usage, "-t takes \(known.joined(separator: ", ")), not \(shown(type))")
      }
      filters += ["-t", type == "sortedset" ? "zset" : type]
    }
    return filters
  }

  private func writeRdbtoolsMemory(_ text: RdbtoolsText, _ conversion: OldConversion) throws {
    guard let largest = try number("l", from: 0) else {
      let least = UInt64(try number("b", from: 0) ?? 0)
      return try conversion.writeRows(head: RdbtoolsMemoryRows.head) { RdbtoolsMemoryRows(text, least: least, to: $0) }
    }
    let keys = largest == 0 ? [] : try conversion.largestKeys(largest)
    try conversion.writeTable(head: RdbtoolsMemoryRows.head) { destination in
      var rows = RdbtoolsMemoryRows(text, least: 0, to: destination)
      // That tool writes the largest key first, then the others from the smallest on.
      for entry in keys.prefix(1) + keys.dropFirst().reversed() {
        try rows.write(RowValues(entry), entry.key.bytes.span.bytes)
      }
      _ = try rows.finish()
    }
  }

  // MARK: HDT3213

  private func runHDT3213() throws {
    let output = self["o"].map { ["-o", $0] } ?? []
    var filters = self["regex"].map { ["-k", $0] } ?? []
    if has("no-expired") { filters += ["--expired", "skip"] }
    for name in ["expire", "show-global-meta"] where has(name) {
      throw Failure(
        .usage, "-\(name) of hdt3213 has no equal here", hint: "See rdb json --help: --expire, --meta.")
    }
    let rest = [dump] + filters + output
    if ["json", "memory", "aof"].contains(word), output.isEmpty {
      throw Failure(.usage, "-c \(word) needs -o FILE", hint: "-o - is standard output.")
    }
    switch word {
    case "json":
      say(["json"] + rest)
      let conversion = OldConversion(dump, filters, output)
      try conversion.writeWithModel { model, destination in HDT3213JSONSink(model, to: destination) }
    case "memory":
      say(["memory", "--csv"] + rest)
      try OldConversion(dump, filters, output).writeRows(head: HDT3213Rows.head) { HDT3213Rows(to: $0) }
    case "aof":
      say(["resp"] + rest)
      var command = try Resp.parse(rest)
      try command.run()
    case "bigkey":
      guard let count = try number("n", from: 1) else { throw Failure(.usage, "-c bigkey needs -n COUNT") }
      say(["memory", "--csv", "--top", "\(count)"] + rest)
      let conversion = OldConversion(dump, filters, output)
      let keys = try conversion.largestKeys(count)
      try conversion.writeTable(head: HDT3213Rows.head) { destination in
        var rows = HDT3213Rows(to: destination)
        for entry in keys { try rows.write(RowValues(entry), entry.key.bytes.span.bytes) }
        _ = try rows.finish()
      }
    case "prefix": try writePrefixes(filters, output)
    default:
      throw Failure(
        .usage, "-c flamegraph serves a page on a port, which this tool does not",
        hint:
          "rdb report \(visible(Self.quoted(dump))) -o report.html writes a page with such a graph; rdb prefix --folded"
          + " writes stacks for other tools.")
    }
  }

  private func writePrefixes(_ filters: [String], _ output: [String]) throws {
    let separators = values["sep"] ?? []
    guard !separators.isEmpty, separators.allSatisfy({ !$0.isEmpty }) else {
      throw Failure(
        .usage, "-c prefix needs -sep TEXT here: all beginnings of all names do not fit into memory",
        hint: "-sep : ends a part of a name at each colon. rdb prefix does so by itself.")
    }
    let depth = try number("max-depth", from: 0) ?? 0
    let count = try number("n", from: 0) ?? 0
    say(["prefix", "--csv", dump] + filters + separators.flatMap { ["--sep", $0] } + output)
    let conversion = OldConversion(dump, filters, output)
    let sums = try conversion.fold {
      HDT3213Prefixes(separators.map { Array($0.utf8) }, depth: depth == 0 ? .max : depth)
    }
    let sorted = sums.prefixes.sorted { a, b in
      a.value.byteCount != b.value.byteCount
        ? a.value.byteCount > b.value.byteCount : a.key.lexicographicallyPrecedes(b.key)
    }
    try conversion.writeTable(head: HDT3213Prefixes.head) { destination in
      var text = ByteOutput(to: destination)
      for (name, sum) in count == 0 ? sorted[...] : sorted.prefix(count) {
        let zero = name.firstIndex(of: 0) ?? 0
        let (database, prefix) = (Array(name[..<zero]), Array(name[(zero + 1)...]) + [UInt8(ascii: "*")])
        try text.append(database.span.bytes)
        try text.append(",")
        try HDT3213Text.appendCell(prefix.span.bytes, to: &text)
        try text.append(text: ",\(sum.byteCount),\(HDT3213Text.size(sum.byteCount)),\(sum.keyCount)\n")
      }
      try text.flush()
    }
  }
}
