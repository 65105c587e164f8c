import ArgumentParser
import RDB
import RDBAnalysis
import RDBFormat

/// `rdb merge-reports`: merges several sets of reports into one.
struct MergeReports: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge-reports",
    abstract: "Merge the reports that rdb analyze wrote of several dumps.",
    discussion: """
      The result is that of one run over all dumps: sums are exact, and approximate figures keep their bounds. Only \
      repeated values that were counted exactly (--temp) become estimates again. Rows of keys and memory are in the \
      order of the folders.

      Example:
        rdb merge-reports shard-1 shard-2 shard-3 -o whole
      """)

  @Argument(
    help: ArgumentHelp("The folders to merge, written by rdb analyze.", valueName: "folder"), completion: .directory)
  var folders: [String]

  @OptionGroup(title: "Output") var output: FolderOptions

  @Flag(help: "Write no ' before CSV cells that a spreadsheet would take for a formula.")
  var noDefuse = false

  func run() throws {
    let sources = folders.map { ReportFolder(path: $0) }
    let names = try Self.names(of: sources)
    var all: KeyReports?
    for source in sources {
      let reports = try source.read()
      if let first = all { try Self.check(first, reports, shown(source.path)) }
      if all == nil { all = reports } else { all?.merge(reports) }
    }
    let target = ReportFolder(path: output.output)
    try target.create()
    for name in ReportName.allCases where name.isTable && names.contains(name) {
      try Self.join(name.csvName, of: sources, into: target, skipsHead: true)
      try Self.join(name.jsonName, of: sources, into: target, skipsHead: false)
    }
    if let all {
      try target.write(all, defuses: !noDefuse, inputs: try Self.identities(of: sources))
    }
  }

  /// The reports that the folders have.
  ///
  /// - Throws: ``Failure``, if a folder has others than the first: a sum needs all of its parts.
  private static func names(of folders: [ReportFolder]) throws -> Set<ReportName> {
    var names: Set<ReportName> = []
    for (number, folder) in folders.enumerated() {
      let own = folder.names
      guard !own.isEmpty else { throw Failure(.noInput, "\(shown(folder.path)): has no reports") }
      if number > 0, own != names {
        let missing = own.symmetricDifference(names).map(\.rawValue).sorted().joined(separator: ", ")
        throw Failure(
          .usage, "\(shown(folders[0].path)) and \(shown(folder.path)) have different reports: \(missing)",
          hint: "Give rdb analyze the same --reports for all of them.")
      }
      names = own
    }
    return names
  }

  private static func check(_ a: KeyReports, _ b: KeyReports, _ name: String) throws {
    let prefixes = [(a.prefix, b.prefix), (a.ttl?.prefixes, b.ttl?.prefixes)]
    let isSame = prefixes.allSatisfy { $0.0?.options == $0.1?.options } && a.top?.limit == b.top?.limit
    guard isSame else {
      throw Failure(
        .usage, "\(name): was made with other options than the first",
        hint: "Give rdb analyze the same prefix options and --top for all of them.")
    }
  }

  private static func identities(of folders: [ReportFolder]) throws -> [FileIdentity] {
    folders.flatMap { folder in
      ReportName.allCases.flatMap { [$0.csvName, $0.jsonName] }.compactMap { FileIdentity(path: folder.file($0)) }
    }
  }

  /// Joins the files of one name in the order of the folders, with the head of CSV only once.
  private static func join(
    _ name: String, of folders: [ReportFolder], into target: ReportFolder, skipsHead: Bool
  ) throws {
    let output = try target.output(name, inputs: try identities(of: folders))
    for (number, folder) in folders.enumerated() {
      var isInHead = skipsHead && number > 0
      let path = folder.file(name)
      do {
        try copyAll(try FileSource(path: path)) { bytes in
          var rest = bytes[...]
          if isInHead {
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            rest = end.map { rest[($0 + 1)...] } ?? rest[rest.endIndex...]
            isInHead = end == nil
          }
          let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: rest))
          try output.write(bytes, followedBy: RawSpan())
        }
      } catch {
        let error = RDBError.transfer("read", error, at: 0)
        output.abandon()
        throw output.failure == nil
          ? error.failure(in: shown(path)) : error.failure(in: output.shownName)
      }
    }
    try output.finishOrFail()
  }
}
