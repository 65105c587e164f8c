import ArgumentParser
import RDB
import RDBEdit
import RDBLZF

/// `rdb mask`: writes a snapshot that is safe to hand out.
struct Mask: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "mask",
    abstract: "Write a snapshot with masked names and values, to hand out.",
    discussion: """
      Letters, digits and other bytes are replaced by others of the same kind. Types, encodings, sizes, expiries and \
      stream IDs stay, and so do parts of names that many keys share. Values of modules, functions and scripts are left \
      out: exit code 3, or 0 with --lossy.

      Examples:
        rdb mask dump.rdb -o masked.rdb
        rdb mask dump.rdb -o masked.rdb --salt secret.txt --keep-names 100
        rdb mask dump.rdb -o masked.rdb --sep : --sep / --lossy
        RDB_MASK_SALT=$(pass show salt) rdb mask dump.rdb.gz -o - | gzip > masked.rdb.gz
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Names") var names: MaskArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let (masking, isRandom) = try names.options()
    let input = try RepeatableInput(try reading.open(input, now: try keys.expiry.present))
    let conversion = try Conversion(of: input.first, to: output, nil, ledger, keys, working)
    do {
      try conversion.output.refuseTerminal()
      let plan = try plan(masking, input)
      let run = try SnapshotRun(input.again, reading, keys.damage)
      var options = SnapshotWritingOptions(copying: run.origin)
      options.compressor = { LZFCompressor() }
      options.isPartial = try keys.options != nil
      let snapshot = try SnapshotDestination(options, to: conversion.output)
      var result = try conversion.read(run, to: snapshot) { [options] in MaskingSink(plan, options, to: $0) }
      if isRandom { result.notes.append("the salt was random: masking again gives other names and values (--salt)") }
      var whole = result.summary.ledger
      whole.merge(input.replayLedger)
      try conversion.finish(whole, result) { try snapshot.finish(result.summary) }
    } catch {
      conversion.output.abandon()
      throw error
    }
  }

  /// Counts the parts of all names.
  private func plan(_ masking: MaskingOptions, _ input: RepeatableInput) throws -> MaskingPlan {
    var quick = reading
    // The second pass verifies the checksum.
    quick.ignoreChecksum = true
    let counts = try SnapshotRun(input.first, quick, keys.damage)
      .foldFiltered(by: keys.options, working) { NamePartCounter(masking) }.summary
    do {
      return try MaskingPlan(masking, counts)
    } catch {
      throw error.failure(in: input.first.shownName)
    }
  }
}
