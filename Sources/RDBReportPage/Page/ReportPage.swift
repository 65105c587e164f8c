import RDBAnalysis
import RDBSupport

/// A report as one HTML file that needs nothing else: no network, no other file.
package struct ReportPage {
  private let document: ReportDocument

  package init(_ document: ReportDocument) { self.document = document }

  /// The file, in UTF-8.
  package var html: [UInt8] {
    let style = String(decoding: PackageResources.report_css, as: UTF8.self)
    let script = String(decoding: PackageResources.report_js, as: UTF8.self)
    var page = HTMLText()
    page.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
    // The browser runs this script and uses this style, and loads nothing.
    page.markup(
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
        + "script-src 'sha256-\(Self.hash(script))'; style-src 'sha256-\(Self.hash(style))'; "
        + "base-uri 'none'; form-action 'none'\">\n")
    page.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
    page.markup(
      "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
    page.markup("<link rel=\"icon\" href=\"data:,\">\n<title>")
    page.text("\(document.title) · rdb report")
    page.markup("</title>\n<style>\(style)</style>\n</head>\n<body>\n")
    page.head(document)
    page.markup("<main>\n")
    page.sections(document)
    page.markup("</main>\n<div id=\"tip\" role=\"tooltip\" hidden></div>\n")
    page.foot(document)
    page.markup("<script type=\"application/json\" id=\"prefix-data\">")
    page.markup(PrefixData(document).json)
    page.markup("</script>\n<script>\(script)</script>\n</body>\n</html>\n")
    return Array(page.html.utf8)
  }

  private static func hash(_ text: String) -> String { Base64.encode(SHA256.digest(Array(text.utf8))) }
}

/// The prefixes as the script of the page reads them: figures are in their final form.
private struct PrefixData {
  let json: String

  init(_ document: ReportDocument) {
    let whole = document.total.memoryByteCount
    let rows = document.prefixes.map { row in
      let parent = row.parent.map { document.prefixes[$0] }
      let (label, name) = Self.names(row, parent)
      let never = Figure.share(row.memoryWithoutExpiry, of: row.memoryByteCount)
      let part = row.memoryByteCount > 0 ? Double(row.memoryWithoutExpiry) / Double(row.memoryByteCount) : 0
      let texts = [
        label, name, Figure.bytes(row.memoryByteCount), Figure.share(row.memoryByteCount, of: whole),
        Figure.counted(row.keys, "key"), never,
      ]
      return "[\(row.parent ?? -1),\(row.memoryByteCount),\((part * 1000).rounded() / 1000),"
        + texts.map(Self.string).joined(separator: ",") + "]"
    }
    json = "[" + rows.joined(separator: ",\n") + "]"
  }

  /// The part of a prefix that its parent lacks, and the whole prefix.
  private static func names(_ row: PrefixRow, _ parent: PrefixRow?) -> (label: String, name: String) {
    if row.depth == 0 { return ("all keys", "all keys") }
    if row.kind == .other { return ("(other)", ShownName(row.prefix.bytes).text + " (other)") }
    let isLonger = parent.map { row.prefix.bytes.starts(with: $0.prefix.bytes) } ?? false
    let rest = isLonger ? row.prefix.bytes.dropFirst(parent?.prefix.bytes.count ?? 0) : row.prefix.bytes[...]
    return (ShownName(rest).text, ShownName(row.prefix.bytes).text)
  }

  /// A JSON string that is safe within an element `script`: without `<`, `>` and `&`.
  private static func string(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": json += "\\\""
      case "\\": json += "\\\\"
      case "<": json += "\\u003c"
      case ">": json += "\\u003e"
      case "&": json += "\\u0026"
      default: json.unicodeScalars.append(scalar)
      }
    }
    return json + "\""
  }
}
