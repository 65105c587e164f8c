import ArgumentParser

@main
struct RDBTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rdb",
    subcommands: [
      Gen.self
    ])
}
