import ArgumentParser

/// The value of `--part-of`: a plan of `rdb split-plan`, and one of its parts.
struct PartOfPlan {
  /// The path of the plan.
  let path: String
  /// The number of the part, from 0.
  let number: Int

  /// - Throws: `ValidationError`.
  init(parsing argument: String) throws {
    guard let colon = argument.lastIndex(of: ":"), colon > argument.startIndex,
      let number = Int(argument[argument.index(after: colon)...]), number >= 0
    else { throw ValidationError("expected a plan and the number of a part, such as plan.json:0.") }
    (path, self.number) = (String(argument[..<colon]), number)
  }
}
