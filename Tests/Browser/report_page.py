"""Checks a page of `rdb report` in a headless Chromium.

    report_page.py PAGE JSON

PAGE is the page, JSON what `rdb report --json` writes of the same snapshots. Prints what is wrong, and exits 1 if
anything is; otherwise prints how many figures were compared.
"""
import json
import os
import sys
import unicodedata

from browser import Browser

WIDTHS = [1280, 768, 375]
failures = []


def check(condition, text):
    if not condition:
        failures.append(text)


# MARK: Text as the page must have it, written a second time


def byte_text(count):
    value, unit = float(count), "B"
    for larger in ["kB", "MB", "GB", "TB", "PB"]:
        if value >= 999.5:
            value, unit = value / 1000, larger
    whole = unit == "B" or value >= 99.95
    return f"{int(value + 0.5)} {unit}" if whole else f"{int(value * 10 + 0.5) / 10} {unit}"


def name_bytes(value):
    import base64

    return base64.b64decode(value["$base64"]) if isinstance(value, dict) else value.encode()


ESCAPES = {9: "\\t", 10: "\\n", 13: "\\r", 7: "\\a", 8: "\\b", 34: '\\"', 92: "\\\\"}


def escaped(data):
    return "".join(ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in data)


def shown(value):
    """The name as the page shows it, if it is short; else `None`."""
    data = name_bytes(value)
    if not data:
        return "(empty name)"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = escaped(data)
    else:
        text = "".join(
            escaped(letter.encode())
            if letter in '"\\' or unicodedata.category(letter)[0] == "C" or unicodedata.category(letter) in ("Zl", "Zp")
            else letter
            for letter in text)
    return text if len(text) <= 40 else None


# MARK: The checks


def value_at(document, path):
    for part in path.split("/"):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def figures(browser, document):
    """Compares every figure of the page with the JSON form."""
    count = 0
    for value, path, text in browser.run(
            "[...document.querySelectorAll('data')].map((e) => [e.value, e.dataset.p, e.textContent])"):
        expected = value_at(document, path)
        check(str(expected) == value, f"{path}: {value} on the page, {expected} in JSON")
        if path.endswith("_bytes") and path != "total/memory_bytes_without_expiry":
            check(text == byte_text(expected), f"{path}: {text!r} on the page for {expected}")
        count += 1
    tables = browser.run("""[...document.querySelectorAll('table[data-list]')].map((t) => [t.dataset.list,
      [...t.tHead.rows[0].cells].map((c) => c.dataset.c || null),
      [...t.tBodies[0].rows].map((r) => [...r.cells].map((c) => [c.textContent, c.dataset.v ?? null,
        c.querySelector('bdi') !== null]))])""")
    check(len(tables) >= 8, f"only {len(tables)} tables")
    for path, members, rows in tables:
        expected_rows = value_at(document, path)
        check(len(rows) == len(expected_rows), f"{path}: {len(rows)} rows on the page, {len(expected_rows)} in JSON")
        for number, (cells, expected_row) in enumerate(zip(rows, expected_rows)):
            for member, (text, value, is_name) in zip(members, cells):
                if member is None:
                    continue
                expected, place = expected_row.get(member), f"{path}/{number}/{member}"
                if is_name:
                    name = shown(expected)
                    check(name is None or name == text, f"{place}: {text!r} on the page for {expected!r}")
                elif value is None:
                    continue
                else:
                    check(value == ("" if expected is None else str(expected)), f"{place}: {value} for {expected}")
                    if member.endswith("bytes") and member != "growth_bytes":
                        check(text == ("–" if expected is None else byte_text(expected)), f"{place}: {text!r}")
                    elif member == "keys" and not expected_row.get("keys_error"):
                        check(text == f"{expected:,}", f"{place}: {text!r} for {expected}")
                count += 1
    bars = browser.run("[...document.querySelectorAll('.slots rect')].map((e) => e.dataset.v)")
    check(bars == [str(bin["memory_bytes"]) for bin in document["slots"]["bins"]], "the bars of the slots differ")
    return count + len(bars)


def sorting(browser, document):
    rows = document["largest"]["memory"]
    if len(rows) < 2:
        return
    column = "[...document.querySelectorAll('#t-largest-memory tbody tr')].map((r) => Number(r.querySelectorAll('.n')[0].dataset.v))"
    by_memory = "#t-largest-memory th[data-c=memory_bytes]"
    largest_first = [row["memory_bytes"] for row in rows if row["memory_bytes"] is not None]
    browser.click(by_memory + " button")
    now = [value for value in browser.run(column)]
    check(now == sorted(now), "a click on a head does not sort from small to large")
    check(browser.run(f"document.querySelector('{by_memory}').ariaSort") == "ascending", "no aria-sort")
    browser.run(f"document.querySelector('{by_memory} button').focus()")
    browser.press("Enter")
    check(browser.run(column)[:len(largest_first)] == largest_first, "Enter on a head does not sort from large to small")
    check(browser.run(f"document.querySelector('{by_memory}').ariaSort") == "descending", "no aria-sort")
    names = "[...document.querySelectorAll('#t-largest-memory tbody tr')].map((r) => r.cells[0].textContent)"
    before = browser.run(names)
    browser.click("#t-largest-memory th[data-c=key] button")
    check(sorted(browser.run(names)) == sorted(before), "sorting by name loses rows")


def filtering(browser):
    if not browser.run("document.querySelector('#t-largest-memory-f') !== null"):
        return
    word = browser.run("document.querySelector('#t-largest-memory tbody tr').cells[0].textContent")[:6]
    browser.run("document.querySelector('#t-largest-memory-f').focus()")
    browser.type(word)
    shown_rows, all_rows = browser.run(
        "[[...document.querySelectorAll('#t-largest-memory tbody tr')].filter((r) => !r.hidden).map((r) => r.textContent),"
        " document.querySelectorAll('#t-largest-memory tbody tr').length]")
    check(shown_rows and all(word.lower() in row.lower() for row in shown_rows), f"the filter {word!r} shows other rows")
    output = browser.run("document.querySelector('#t-largest-memory-f').parentNode.querySelector('output').textContent")
    check(output == f"{len(shown_rows)} of {all_rows} rows", f"the filter says {output!r}")
    browser.run("document.querySelector('#t-largest-memory-f').select()")
    browser.type("no such key anywhere")
    check(browser.run("[...document.querySelectorAll('#t-largest-memory tbody tr')].every((r) => r.hidden)"), "no filter")
    browser.run("(() => { const f = document.querySelector('#t-largest-memory-f'); f.value = '';"
                " f.dispatchEvent(new Event('input')); })()")


def zooming(browser):
    path = "[...document.querySelectorAll('#path button')].map((b) => b.textContent)"
    selected = "document.querySelector('#chart [aria-selected=true]').dataset.node"
    parents = browser.run("[...document.querySelectorAll('#chart [aria-level=\"2\"]')].map((g) => g.dataset.node)")
    if not parents:
        return
    first = parents[0]
    check(browser.run("document.querySelectorAll('#chart [tabindex=\"0\"]').length") == 1, "not one box in the tab order")
    browser.click(f"#chart [data-node='{first}'] rect")
    check(browser.run(selected) == first, "a click does not zoom")
    check(len(browser.run(path)) == 2, "no path after zooming")
    browser.press("Escape")
    check(browser.run(selected) == "0" and browser.run(path) == [], "Escape does not zoom out")
    browser.run("document.querySelector('#chart [data-node=\"0\"]').focus()")
    browser.press("ArrowDown")
    focused = browser.run("document.activeElement.dataset.node")
    check(focused == first, f"the arrow goes to {focused}")
    if len(parents) > 1:
        browser.press("ArrowRight")
        check(browser.run("document.activeElement.dataset.node") == parents[1], "the arrow does not go to the next box")
        browser.press("ArrowLeft")
    browser.press("Enter")
    check(browser.run(selected) == first, "Enter does not zoom")
    browser.click("#path button")
    check(browser.run(selected) == "0", "the path does not zoom out")
    browser.click("#show-treemap")
    check(browser.run("document.querySelector('#show-treemap').ariaPressed") == "true", "no treemap")
    browser.click("#show-icicle")


def layout(browser, label):
    """Nothing is wider than its place, and the labels of the chart are within their boxes."""
    wide = browser.run("""[document.documentElement.scrollWidth - innerWidth,
      ...[...document.querySelectorAll('h1,h2,h3,p,dt,dd,li,td,th,code,button')].filter((e) => e.checkVisibility()
        && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline' && e.clientWidth > 0
        && getComputedStyle(e).overflow === 'visible')
        .map((e) => e.tagName + ' ' + e.textContent.slice(0, 40))]""")
    check(wide[0] <= 0, f"{label}: the page is {wide[0]} pixels too wide")
    check(len(wide) == 1, f"{label}: too wide: {wide[1:4]}")
    labels = browser.run("""[...document.querySelectorAll('#chart text')].filter((t) => {
      const a = t.getBBox(), b = t.parentNode.querySelector('rect').getBBox();
      return a.x < b.x || a.x + a.width > b.x + b.width + 0.5 || a.y < b.y - 1 || a.y + a.height > b.y + b.height + 4;
    }).map((t) => t.textContent)""")
    check(labels == [], f"{label}: labels beyond their boxes: {labels[:3]}")


def contrast(browser, label):
    """Text has at least the contrast 4.5 to what is behind it."""
    low = browser.run("""(() => {
      const parts = (c) => c.match(/[\\d.]+/g).map(Number);
      const light = (c) => parts(c).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92
        : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
      const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
      const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const found = [...document.querySelectorAll('h1,h2,h3,p,b,dt,dd,td,th,button,code,bdi,label,output,summary')]
        .filter((e) => e.checkVisibility() && e.textContent && !e.closest('svg'))
        .map((e) => [ratio(light(getComputedStyle(e).color), light(behind(e))), e.tagName + ' ' + e.textContent.slice(0, 20)]);
      const boxes = [...document.querySelectorAll('#chart text')].map((t) => [ratio(light(getComputedStyle(t).fill),
        light(getComputedStyle(t.parentNode.querySelector('rect')).fill)), t.textContent]);
      return [...found, ...boxes].filter((x) => x[0] < 4.5);
    })()""")
    check(low == [], f"{label}: low contrast: {low[:3]}")


def accessibility(browser):
    """What a reader can operate has a name; tables have one too."""
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    roles = {}
    for node in nodes:
        role = node.get("role", {}).get("value")
        if node.get("ignored"):
            continue
        roles[role] = roles.get(role, 0) + 1
        if role in ("button", "searchbox", "textbox", "treeitem", "tree", "table", "heading", "columnheader", "region"):
            name = node.get("name", {}).get("value", "")
            is_chart_head = role == "columnheader"
            check(name != "" or is_chart_head, f"a {role} without a name")
    for role in ("tree", "treeitem", "table", "heading", "main", "searchbox"):
        check(roles.get(role), f"no {role} for a screen reader: {roles}")


def main(page, json_path):
    with open(json_path, encoding="utf-8") as file:
        document = json.load(file)
    check(os.path.getsize(page) < 1_000_000, f"the page has {os.path.getsize(page)} bytes")
    browser = Browser()
    try:
        browser.size(WIDTHS[0])
        browser.open(page)
        count = figures(browser, document)
        has_keys = document["total"]["keys"] > 0
        if has_keys:
            sorting(browser, document)
            filtering(browser)
            zooming(browser)
            accessibility(browser)
        for theme in ["light", "dark"]:
            browser.theme(theme)
            for width in WIDTHS:
                browser.size(width)
                layout(browser, f"{theme}, {width}, icicle")
                contrast(browser, f"{theme}, {width}")
                if has_keys:
                    browser.click("#show-treemap")
                    layout(browser, f"{theme}, {width}, treemap")
                    browser.click("#show-icicle")
        browser.size(WIDTHS[0])
        dark = browser.run("getComputedStyle(document.body).backgroundColor")
        browser.click("#theme")
        check(browser.run("getComputedStyle(document.body).backgroundColor") != dark, "the button does not change the theme")
        foreign = browser.run("[document.scripts.length, document.querySelectorAll('img,iframe,object,embed,link[rel=stylesheet]').length,"
                              " performance.getEntriesByType('resource').length, document.querySelectorAll('[style]:not(#tip)').length]")
        check(foreign == [2, 0, 0, 0], f"the page has other scripts or loads something: {foreign}")
        check(browser.messages == [], f"the console says {browser.messages[:3]}")
        check(browser.dialogs == [], f"the page opened a dialog: {browser.dialogs}")
        browser.run("(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
                    " document.body.append(s); })()")
        check(browser.run("window.ran === undefined"), "the policy allows foreign scripts")
    finally:
        browser.close()
    for failure in failures[:20]:
        print(failure)
    if not failures:
        print(f"{count} figures compared")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
