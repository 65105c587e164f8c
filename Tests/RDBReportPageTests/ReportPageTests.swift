import RDB
import RDBFormat
import TestSupport
import Testing

import RDBReportPage

@Suite("The page of a report")
struct ReportPageTests {
  static let hostile = [
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "' onclick='x",
    "]]>--><!--", "&lt;b&gt;", "\u{202E}evil", "javascript:alert(1)",
  ]

  @Test("Keeps every hostile name as text", arguments: hostile)
  func escapes(_ name: String) throws {
    let page = try ReportPages.page(ReportPages.strings([(name + ":", 3, 30), ("{\(name)}", 2, 40_000)]))
    let head = try #require(page.firstRange(of: "<body>"))
    let body = page[head.upperBound...]
    let script = try #require(body.firstRange(of: "<script type=\"application/json\""))
    let markup = body[..<script.lowerBound]
    // Elements and attributes are those that the page itself writes.
    let tags = Set(markup.split(separator: "<").dropFirst().map { $0.prefix { $0.isLetter || $0 == "/" } })
    let own: Set<Substring> = [
      "header", "div", "h", "button", "p", "dl", "dt", "dd", "data", "b", "bdi", "section", "svg", "rect", "nav",
      "details", "summary", "label", "input", "output", "table", "caption", "thead", "tbody", "tr", "th", "td", "title",
      "span", "ol", "li", "code", "main", "footer",
    ]
    let foreign = tags.filter { !own.contains($0.first == "/" ? $0.dropFirst() : $0) }
    #expect(foreign.isEmpty, "\(foreign)")
    #expect(!markup.contains(" onerror=") || markup.contains("&lt;img"))
    // The two scripts of the page are the only ones.
    #expect(body.components(of: "<script").count == 3 && body.components(of: "</script").count == 3)
    #expect(!body.contains("\u{202E}"))
  }

  @Test("Allows only its own script and style, and loads nothing")
  func policy() throws {
    let page = try ReportPages.page(ReportPages.strings([("a:", 3, 30)]))
    #expect(page.contains("default-src 'none'") && page.contains("script-src 'sha256-"))
    #expect(!page.contains("http://") || page.components(of: "http://").count == 2, "only the namespace of SVG")
    #expect(!page.contains("https://") && !page.contains(" style=\"") && !page.contains(" onclick"))
  }

  @Test("Shows names as readers can see them whole")
  func names() {
    func shown(_ bytes: [UInt8], limit: Int = 100) -> String { ShownName(bytes, limit: limit).text }
    #expect(shown(Array("장바구니:😀:שלום".utf8)) == "장바구니:😀:שלום")
    #expect(shown([0x61, 0xFF, 0x0A]) == "a\\xff\\n")
    #expect(shown(Array("a\"\\b\u{200B}".utf8)) == "a\\\"\\\\b\\xe2\\x80\\x8b")
    #expect(shown([]) == "(empty name)")
    #expect(shown(Array(repeating: 0x78, count: 2048), limit: 8) == "xxxxxxxx… (2,048 bytes)")
    #expect(shown(Array(String(repeating: "한", count: 9).utf8), limit: 3) == "한한한… (27 bytes)")
    #expect(shown(Array("abc".utf8), limit: 3) == "abc")
  }

  @Test("Writes figures with their units")
  func figures() {
    #expect(Figure.count(60_000) == "60,000" && Figure.count(999) == "999" && Figure.count(1_234_567) == "1,234,567")
    #expect(Figure.bytes(169_100_000) == "169 MB" && Figure.bytes(nil) == "–" && Figure.bytes(0) == "0 B")
    #expect(Figure.growth(1_500_000) == "+1.5 MB" && Figure.growth(-300) == "−300 B" && Figure.growth(0) == "0 B")
    #expect(Figure.share(1, of: 3) == "33.3 %" && Figure.share(0, of: 0) == "–")
    #expect(Figure.duration(seconds: 90_000) == "1 day" && Figure.duration(seconds: 7300) == "2 hours")
    #expect(Figure.time(milliseconds: 1_700_000_000_000) == "2023-11-14 22:13 UTC")
    #expect(Figure.time(milliseconds: .max) == "9223372036854775807")
  }

  @Test("Is smaller than 1 MB however long and hostile names are", arguments: ["<", "\"", "'", "한", "😀", "\u{1}"])
  func size(_ letter: String) throws {
    var builder = SnapshotBuilder()
    for number in 0..<160 {
      let name = "\(number)" + String(repeating: letter, count: 300)
      for part in ["a:", "b:"] {
        builder.string("\(name):\(name):\(part)\(name)", String(repeating: "v", count: number))
      }
    }
    #expect(try ReportPages.page(builder.whole).utf8.count < 1_000_000)
  }

  @Test("Makes a page of every fixture", arguments: Fixture.valid)
  func fixtures(_ fixture: Fixture) throws {
    let page = try ReportPages.page(fixture.bytes)
    #expect(page.hasSuffix("</html>\n") && page.utf8.count < 1_000_000)
  }
}

extension StringProtocol {
  fileprivate func components(of separator: String) -> [SubSequence] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
}
