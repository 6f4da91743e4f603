# SPDX-License-Identifier: BSD-3-Clause
# A page of docs/*.md as a manual page (man macros), for any awk:
# awk -v name=hpotune-study -v section=5 -v what="..." -v version=0.1.0 -f man.awk page.md
# Knows headings, paragraphs, lists, tables, fenced blocks, `code`, **bold**,
# [links](url); the page's first heading gives way to NAME.

# What groff would take for its own.
function plain(s) {
  gsub(/\\/, "\\e", s)
  return s
}

function code(s) {
  s = plain(s)
  gsub(/-/, "\\-", s)
  return "\\fB" s "\\fR"
}

function bold(s,   out, i) {
  out = ""
  while ((i = index(s, "**")) > 0) {
    out = out substr(s, 1, i - 1)
    s = substr(s, i + 2)
    i = index(s, "**")
    if (i == 0)
      break
    out = out "\\fB" substr(s, 1, i - 1) "\\fR"
    s = substr(s, i + 2)
  }
  return out s
}

function link(s,   at, text) {
  while (match(s, /\[[^\]]*\]\([^)]*\)/)) {
    at = substr(s, RSTART, RLENGTH)
    text = substr(at, 2, index(at, "](") - 2)
    s = substr(s, 1, RSTART - 1) text substr(s, RSTART + RLENGTH)
  }
  return s
}

function words(s) { return bold(plain(link(s))) }

function inline(s,   out, i) {
  out = ""
  while ((i = index(s, "`")) > 0) {
    out = out words(substr(s, 1, i - 1))
    s = substr(s, i + 1)
    i = index(s, "`")
    if (i == 0)
      break
    out = out code(substr(s, 1, i - 1))
    s = substr(s, i + 1)
  }
  return out words(s)
}

# A line of text, which must not look like a request.
function put(s) {
  if (s ~ /^[.']/)
    s = "\\&" s
  print s
}

function heading(macro, s) {
  gsub(/`/, "", s)
  s = plain(s)
  gsub(/"/, "\\(dq", s)
  printf "%s \"%s\"\n", macro, macro == ".SH" ? toupper(s) : s
}

# A row of a table: its first cell is what the others tell about.
function row(s,   n, cell, i, rest) {
  gsub(/\\\|/, "\001", s)
  sub(/^\| */, "", s)
  sub(/ *\| *$/, "", s)
  n = split(s, cell, / *\| */)
  rest = ""
  for (i = 1; i <= n; i++)
    gsub(/\001/, "|", cell[i])
  for (i = 2; i <= n; i++)
    if (cell[i] != "")
      rest = rest (rest == "" ? "" : "; ") cell[i]
  print ".TP"
  put(inline(cell[1]))
  put(rest == "" ? "\\&" : inline(rest))
}

BEGIN {
  printf ".TH %s %s \"\" \"hpotune %s\" \"hpotune\"\n", toupper(name), section, version
  print ".SH NAME"
  dashed = name
  gsub(/-/, "\\-", dashed)
  print dashed " \\- " what
  if (synopsis != "") {
    n = split(synopsis, form, ";")
    print ".SH SYNOPSIS"
    for (i = 1; i <= n; i++) {
      if (i > 1)
        print ".br"
      put(code(form[i]))
    }
  }
  print ".SH DESCRIPTION"
}

/^```/ {
  in_code = !in_code
  if (in_code)
    print ".PP\n.RS 4\n.nf"
  else
    print ".fi\n.RE"
  next
}
in_code {
  s = plain($0)
  gsub(/-/, "\\-", s)
  put(s)
  next
}
/^# / { next }
/^## / { heading(".SH", substr($0, 4)); next }
/^### / { heading(".SS", substr($0, 5)); next }
/^\|[ :|-]*$/ { next }               # below a table's head
/^\|/ {
  if (!in_table) {                   # the head itself
    in_table = 1
    next
  }
  row($0)
  next
}
{ in_table = 0 }
/^$/ { after_blank = 1; next }
/^- / {
  print ".IP \\(bu 3"
  put(inline(substr($0, 3)))
  after_blank = 0
  next
}
/^[0-9]+\. / {
  print ".IP " $1 " 4"
  put(inline(substr($0, length($1) + 2)))
  after_blank = 0
  next
}
{
  if (after_blank)
    print ".PP"
  after_blank = 0
  put(inline($0))
}
END {
  print ".SH \"SEE ALSO\""
  n = split("hpotune(1) hpotune-study(5) hpotune-hdf5(5)", see, " ")
  sep = ""
  for (i = 1; i <= n; i++)
    if (see[i] != name "(" section ")") {
      split(see[i], part, "(")
      gsub(/-/, "\\-", part[1])
      printf "%s\\fB%s\\fR(%s", sep, part[1], part[2]
      sep = ", "
    }
  print ""
}
