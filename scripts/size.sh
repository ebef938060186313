#!/bin/sh
# size.sh [TARGET]  writes the table of docs/size.md anew: what the program for a
# target (mipsle) consists of, module by module, Go's library in groups, largest
# first.
#
# The program is built a second time with its symbols. Code and data count for the
# package of their symbol (go tool nm). Of pclntab, Go's tables of functions and
# lines, each package has the share that it has of the code. What has no symbol,
# descriptions of types, texts, stack maps, alignment, stands as "not attributed".
set -eu
cd "$(dirname "$0")/.."
target=${1:-mipsle} page=docs/size.md
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C

scripts/build.sh "$target" "$dir/imon"
SYMBOLS=1 scripts/build.sh "$target" "$dir/symbols"
go tool nm -size "$dir/symbols" >"$dir/nm"

{
	printf '%s, Go %s: %s bytes, %s by gzip -9, %s by xz -9.\n\n' "$target" "$(go env GOVERSION | sed s/go//)" \
		"$(wc -c <"$dir/imon" | tr -d ' ')" "$(gzip -9nc "$dir/imon" | wc -c | tr -d ' ')" "$(xz -9c "$dir/imon" | wc -c | tr -d ' ')"
	printf '| part | code | data | pclntab | sum | %% |\n|---|---|---|---|---|---|\n'
	awk -v raw="$(wc -c <"$dir/imon")" '
		# group is the line of the table for a symbol.
		function group(name,    p) {
			sub(/\[.*/, "", name) # the types of a generic function
			if (name ~ /^(type|go):/) return "made by the linker"
			p = name
			if (match(p, /.*\//)) p = substr(p, 1, RLENGTH) substr(substr(p, RLENGTH + 1), 1, index(substr(p, RLENGTH + 1) ".", ".") - 1)
			else p = substr(p, 1, index(p ".", ".") - 1)
			if (p == "main" || p ~ /^github.com\/ejgeiger\/imon\//) return "imon itself"
			if (p ~ /^github/) { split(p, part, "/"); return part[1] "/" part[2] "/" part[3] }
			if (p ~ /^golang/) { split(p, part, "/"); return part[1] "/" part[2] "/" part[3] }
			if (p ~ /^crypto|^vendor\/golang.org\/x\/crypto|^math\/big$|^encoding\/(asn1|pem)$|^hash/) return "crypto/…, with asn1 and math/big"
			if (p ~ /^net\/http|^net\/textproto|^mime|^vendor\/golang.org\/x\/(net\/(http|idna)|text)|^compress|^net\/url/) return "net/http, with idna, mime and gzip"
			if (p ~ /^net|^vendor\/golang.org\/x\/net\/dns/) return "net"
			if (p ~ /^(runtime|internal\/runtime|internal\/abi|internal\/bytealg)/) return "runtime"
			if (p ~ /^(encoding\/json|fmt|time|reflect)$/) return p
			if (p ~ /^os|^syscall|^internal\/(poll|syscall)/) return "os, syscall"
			return "the rest of the library"
		}
		# "runtime.bss" is where the file ends and zeros begin.
		FNR == NR { if ($4 == "runtime.bss") bss = length($1) "/" $1; if ($4 == "runtime.pclntab") from = $1; if ($4 == "runtime.epclntab") to = $1; next }
		$3 ~ /[Tt]/ { code[group($4)] += $2; allcode += $2; seen[group($4)] = 1 }
		$3 ~ /[DdRr]/ && length($1) "/" $1 < bss && $4 !~ /^runtime\.(pclntab|epclntab)$/ { data[group($4)] += $2; seen[group($4)] = 1 }
		function hex(s,    i, n) { for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return n }
		END {
			table = hex(to) - hex(from)
			for (g in seen) {
				share = int(table * code[g] / allcode + .5)
				sum = code[g] + data[g] + share
				known += sum
				printf "%d\t| %s | %d | %d | %d | %d | %.1f |\n", sum, g, code[g], data[g], share, sum, 100 * sum / raw
			}
			printf "%d\t| not attributed | | | | %d | %.1f |\n", raw - known, raw - known, 100 * (raw - known) / raw
		}' "$dir/nm" "$dir/nm" | sort -rn | cut -f2
} >"$dir/table"
cat "$dir/table"
[ "$target" != mipsle ] || {
	grep -q '^<!-- end of shares -->' "$page"
	awk -v table="$dir/table" '
		/^<!-- shares -->/ { print; print ""; while ((getline line <table) > 0) print line; print ""; skip = 1 }
		/^<!-- end of shares -->/ { skip = 0 }
		!skip' "$page" >"$dir/page"
	cat "$dir/page" >"$page"
}
