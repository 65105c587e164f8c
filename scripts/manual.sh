#!/usr/bin/env bash
# manual.sh RDB FOLDER: writes the manual pages rdb.1, rdb.resp.1 … of the built command RDB into FOLDER.
set -euo pipefail
cd "$(dirname "$0")/.."
command=$1 folder=$2
# The tool of ArgumentParser's plugin, given a built binary: the plugin itself would build another one, for minutes,
# without the static runtime, and leave it in place of the first.
tool=${GENERATE_MANUAL:-}
if [ -z "$tool" ]; then
  "${SWIFT:-swift}" build -c "${CONFIGURATION:-debug}" --product generate-manual
  tool=$("${SWIFT:-swift}" build -c "${CONFIGURATION:-debug}" --show-bin-path)/generate-manual
fi
"$tool" "$command" --multi-page --section 1 --output-directory "$folder"

# The tool copies the text of --help: here paragraphs, examples and sentences become what mdoc(7) has for them, and the
# table of exit codes moves into its section.
for page in "$folder"/rdb.1 "$folder"/rdb.*.1; do
  awk '
    function text(line) {
      sub(/^[.\047]/, "\\\\&&", line)
      return line
    }
    function endExample() { if (isExample) print ".Ed"; isExample = 0 }
    function endParagraph() { if (isBlank) print ".Pp"; isBlank = 0 }
    /^\.Nd / { sub(/\."$/, "\"") }
    # whatis(1) takes a name without a blank: that of the page. The synopsis has the words to type.
    /^\.Nm "/ {
      typed = substr($0, 5)
      name = typed
      gsub(/"/, "", name)
      gsub(/ /, ".", name)
      $0 = ".Nm " name
    }
    /^\.Nm$/ && typed != "" { print ".Nm " typed; typed = ""; next }
    /^Exit codes:$/ { isTable = 1; next }
    isTable && /^  / {
      match($0, /^ +[^ ]+ +/)
      code = $1
      table = table ".It " code "\n" text(substr($0, RLENGTH + 1)) "\n"
      next
    }
    isTable { isTable = 0; isBlank = 0 }
    /^\.Ex -std$/ {
      if (table != "") printf ".Bl -tag -width 6n\n%s.El\n", table
      else print ".Ex -std\nThe codes are those of\n.Xr rdb 1 ."
      next
    }
    /^$/ || /^\.Pp$/ { endExample(); isBlank = 1; next }
    /^\./ { endExample(); isBlank = 0; print; next }
    /^  / {
      isBlank = 0
      if (!isExample) print ".Bd -literal -offset indent"
      isExample = 1
      print text(substr($0, 3))
      next
    }
    {
      endExample()
      endParagraph()
      # A sentence begins a line.
      count = split($0, words, " ")
      line = words[1]
      for (i = 2; i <= count; i++) {
        if (words[i - 1] ~ /[.!?]\)?$/ && words[i] ~ /^[^a-z]/) { print text(line); line = words[i] }
        else line = line " " words[i]
      }
      print text(line)
    }
    END { endExample() }
  ' "$page" > "$page.new"
  mv "$page.new" "$page"
done
