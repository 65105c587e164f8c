import Foundation

/// Checks JSON against the part of JSON Schema 2020-12 that the files in `Schemas/` use.
///
/// An unknown keyword is a fault, so that no part of a schema is ignored.
public struct JSONSchema {
  private let root: [String: Any]

  /// Reads the schema `Schemas/<name>.schema.json` of this checkout.
  public init(named name: String) throws {
    let folder = Fixture.root.split(separator: "/").dropLast().joined(separator: "/")
    let data = Data(readFile("/\(folder)/Schemas/\(name).schema.json"))
    root = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  /// Returns the faults of `json`, one line per fault with its path; empty if `json` is valid.
  public func faults(in json: Data) throws -> [String] {
    let value = try JSONSerialization.jsonObject(with: json, options: .fragmentsAllowed)
    return check(value, root, "$")
  }

  private func check(_ value: Any, _ schema: [String: Any], _ location: String) -> [String] {
    schema.sorted { $0.key < $1.key }.flatMap { keyword, rule in
      fault(value, keyword, rule, schema, location)
    }
  }

  private func fault(
    _ value: Any, _ keyword: String, _ rule: Any, _ schema: [String: Any], _ location: String
  ) -> [String] {
    let object = value as? [String: Any]
    let array = value as? [Any]
    let text = value as? String
    switch (keyword, rule) {
    case ("$schema", _), ("$id", _), ("$defs", _), ("title", _), ("description", _),
      ("contentEncoding", _), ("examples", _), ("default", _), ("$comment", _):
      return []
    case ("$ref", let name as String):
      guard let target = resolve(name) else { return ["\(location): no \(name)"] }
      return check(value, target, location)
    case ("type", let type as String):
      return isOf(value, type) ? [] : ["\(location): not \(type)"]
    case ("type", let types as [String]):
      return types.contains { isOf(value, $0) } ? [] : ["\(location): not one of \(types)"]
    case ("const", let constant):
      return same(value, constant) ? [] : ["\(location): not \(constant)"]
    case ("enum", let values as [Any]):
      return values.contains { same(value, $0) } ? [] : ["\(location): \(value) not in \(values)"]
    case ("required", let names as [String]):
      guard let object else { return [] }
      return names.filter { object[$0] == nil }.map { "\(location): no \($0)" }
    case ("properties", let properties as [String: [String: Any]]):
      return properties.flatMap { name, schema in
        object?[name].map { check($0, schema, "\(location).\(name)") } ?? []
      }
    case ("additionalProperties", let rule):
      let known = (schema["properties"] as? [String: Any] ?? [:]).keys
      let others = (object ?? [:]).filter { !known.contains($0.key) }
      if let rule = rule as? [String: Any] {
        return others.flatMap { check($0.value, rule, "\(location).\($0.key)") }
      }
      return rule as? Bool == true ? [] : others.map { "\(location): \($0.key) has no place here" }
    case ("propertyNames", let rule as [String: Any]):
      return (object ?? [:]).keys.flatMap { check($0, rule, "\(location).\($0)") }
    case ("items", let rule as [String: Any]):
      let start = (schema["prefixItems"] as? [Any])?.count ?? 0
      return (array ?? []).enumerated().dropFirst(start).flatMap {
        check($1, rule, "\(location)[\($0)]")
      }
    case ("items", let allowed as Bool):
      let start = (schema["prefixItems"] as? [Any])?.count ?? 0
      return allowed || (array?.count ?? 0) <= start ? [] : ["\(location): too many items"]
    case ("prefixItems", let rules as [[String: Any]]):
      return zip(array ?? [], rules).enumerated().flatMap {
        check($1.0, $1.1, "\(location)[\($0)]")
      }
    case ("oneOf", let rules as [[String: Any]]):
      let count = rules.filter { check(value, $0, location).isEmpty }.count
      return count == 1 ? [] : ["\(location): fits \(count) of oneOf"]
    case ("anyOf", let rules as [[String: Any]]):
      return rules.contains { check(value, $0, location).isEmpty } ? [] : ["\(location): fits none of anyOf"]
    case ("allOf", let rules as [[String: Any]]):
      return rules.flatMap { check(value, $0, location) }
    case ("minimum", let limit as NSNumber):
      guard let number = value as? NSNumber else { return [] }
      return number.compare(limit) != .orderedAscending ? [] : ["\(location): below \(limit)"]
    case ("maximum", let limit as NSNumber):
      guard let number = value as? NSNumber else { return [] }
      return number.compare(limit) != .orderedDescending ? [] : ["\(location): above \(limit)"]
    case ("minItems", let limit as Int):
      return array?.count ?? limit >= limit ? [] : ["\(location): fewer than \(limit)"]
    case ("maxItems", let limit as Int):
      return array?.count ?? 0 <= limit ? [] : ["\(location): more than \(limit)"]
    case ("minLength", let limit as Int):
      return text?.unicodeScalars.count ?? limit >= limit ? [] : ["\(location): shorter than \(limit)"]
    case ("maxLength", let limit as Int):
      return text?.unicodeScalars.count ?? 0 <= limit ? [] : ["\(location): longer than \(limit)"]
    case ("pattern", let pattern as String):
      guard let text else { return [] }
      return text.range(of: pattern, options: .regularExpression) != nil
        ? [] : ["\(location): does not match \(pattern)"]
    default:
      return ["\(location): the keyword \(keyword) is not known here"]
    }
  }

  private func resolve(_ name: String) -> [String: Any]? {
    guard name.hasPrefix("#") else { return nil }
    return name.dropFirst().split(separator: "/").reduce(root as [String: Any]?) {
      $0?[String($1)] as? [String: Any]
    }
  }

  private func isOf(_ value: Any, _ type: String) -> Bool {
    switch type {
    case "object": value is [String: Any]
    case "array": value is [Any]
    case "string": value is String
    case "null": value is NSNull
    case "boolean": isBoolean(value)
    case "number": value is NSNumber && !isBoolean(value)
    case "integer":
      !isBoolean(value) && (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
    default: false
    }
  }

  private func isBoolean(_ value: Any) -> Bool {
    (value as? NSNumber).map { String(cString: $0.objCType) == "c" && ($0 == 0 || $0 == 1) } ?? false
  }

  private func same(_ a: Any, _ b: Any) -> Bool {
    isBoolean(a) == isBoolean(b) && (a as? NSObject)?.isEqual(b) ?? false
  }
}
