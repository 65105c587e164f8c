# Reduces the output of `swift test` to one line per suite. Failures and all lines of other programs pass whole, and so
# does the closing summary. After a crash, the tests that had started and not ended are listed.
/^◇ / {
  if ($2 == "Test" && $3 != "case" && $3 != "run") { name = $0; sub(/^◇ /, "", name); sub(/ started\.$/, "", name); open[name] = 1 }
  next
}
/^✔ Test case / { next }
/^✔ Test run / { ended = 1 }
/^✔ Test "|^✔ Test [A-Za-z0-9_]*\(/ {
  name = $0; sub(/^✔ /, "", name); sub(/ (with [0-9]+ test cases? )?passed after .*$/, "", name); delete open[name]
  next
}
/^✘ Test run / { ended = 1 }
/^✘ Test / { name = $0; sub(/^✘ /, "", name); sub(/ (with [0-9]+ test cases? )?failed after .*$/, "", name); delete open[name] }
# The rest of a name with a line break in it, and the header.
/ started\.$/ || /^↳ (Testing Library Version|Target Platform)/ { next }
/ passed after [0-9.]+ seconds\.$/ && !/^✔ / { next }
# The empty runs that SwiftPM reports for XCTest.
/^Test Suite '|^\t Executed 0 tests/ { next }
{ print; fflush() }
END { if (!ended) for (name in open) print "did not end: " name }
