#!/bin/sh
# cross-build.sh [ARCH...]  compiles imon for every target of scripts/targets, or
# for those named: a target (mipsle) or every target of an architecture (arm).
# The programs are $DIST/imon-TARGET; DIST is "dist" when not set. Prints a line
# for each with its size in bytes: as it is, by gzip -9 and by xz -9 ("-": no such
# program here). It fails when a target does not compile or is larger than
# scripts/size-limit allows. Nothing but Go is needed. VERSION may be set.
set -eu
cd "$(dirname "$0")/.."
dist=${DIST:-dist} version=${VERSION:-$(scripts/version.sh)}
mkdir -p "$dist"
export LC_ALL=C

names=
for arch in "${@:-all}"; do
	found=$(awk -v arch="$arch" '
		/^#/ { next }
		$1 == arch { exact = $1 }
		arch == "all" || $3 == "GOARCH=" arch { all = all " " $1 }
		END { print exact ? exact : all }' scripts/targets)
	[ -n "$found" ] || { echo "cross-build.sh: no target '$arch' in scripts/targets" >&2; exit 1; }
	names="$names $found"
done

# size COMMAND... prints how many bytes a command writes, "-" without the command.
size() {
	command -v "$1" >/dev/null 2>&1 || { echo -; return; }
	"$@" | wc -c | tr -d ' '
}

# within TARGET RAW GZIP XZ holds the sizes against scripts/size-limit.
within() {
	awk -v target="$1" -v sizes="$2 $3 $4" '
		BEGIN { split(sizes, size, " "); split("raw gzip xz", how, " ") }
		$1 == target {
			for (i = 1; i <= 3; i++) if ($(i + 1) ~ /^[0-9]+$/ && size[i] != "-" && size[i] + 0 > $(i + 1) + 0) {
				printf "cross-build.sh: %s has %d bytes (%s), %d at most\n", target, size[i], how[i], $(i + 1)
				bad = 1
			}
		}
		END { exit bad }' scripts/size-limit >&2
}

status=0
printf '%-18s %9s %9s %9s\n' target raw gzip xz
for name in $names; do
	out=$dist/imon-$name
	if ! scripts/build.sh "$name" "$out" "$version"; then
		echo "cross-build.sh: $name does not compile" >&2
		status=1
		continue
	fi
	raw=$(wc -c <"$out" | tr -d ' ') gzip=$(size gzip -9nc "$out") xz=$(size xz -9c "$out")
	printf '%-18s %9s %9s %9s\n' "$name" "$raw" "$gzip" "$xz"
	within "$name" "$raw" "$gzip" "$xz" || status=1
done
exit $status
