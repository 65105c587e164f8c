#!/usr/bin/env bash
# update-verdicts.sh: asks the three servers of the tests for their verdicts on every crafted input, and writes the table of
# Documentation/verdicts.md. Look at the difference before committing it.
set -euo pipefail
cd "$(dirname "$0")/.."
table=$(mktemp)
trap 'rm -f "$table"' EXIT
RDB_TEST_WRITE_VERDICTS=$table ${SWIFT:-swift} test --filter ConditionTests.write
python3 - "$table" <<'PYTHON'
import sys
path = "Documentation/verdicts.md"
text = open(path).read()
before, rest = text.split("<!-- table -->\n", 1)
after = rest.split("<!-- end of table -->\n", 1)[1]
open(path, "w").write(before + "<!-- table -->\n" + open(sys.argv[1]).read() + "<!-- end of table -->\n" + after)
PYTHON
