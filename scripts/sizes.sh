#!/bin/sh
# sizes.sh [DIRECTORY]  writes the table of all targets into docs/release.md, from
# the release that `make release` left in DIRECTORY ("dist" when not given): the
# program as it is, by gzip -9, by xz -9, and in each package, in bytes.
set -eu
cd "$(dirname "$0")/.."
dist=$(cd "${1:-dist}" && pwd)
archive=$(ls "$dist"/imon_*_linux_amd64.tar.gz)
version=${archive##*/imon_} version=${version%_linux_amd64.tar.gz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

bytes() { if [ -e "$1" ]; then wc -c <"$1" | tr -d ' '; else echo –; fi; }

awk '!/^#/ { print $1, $2 }' scripts/targets | while read -r target arch; do
	tar -xzf "$dist/imon_${version}_linux_$target.tar.gz" -C "$work" --strip-components=1
	label=$(awk -v target="$target" '!/^#/ && $2 == target { print $1; exit }' openwrt/labels)
	labels=$(awk -v target="$target" '!/^#/ && $2 == target { n++ } END { print n + 0 }' openwrt/labels)
	echo "| $target | $(bytes "$work/imon") | $(gzip -9nc "$work/imon" | wc -c) | $(xz -9c "$work/imon" | wc -c) |" \
		"$(bytes "$dist/imon_${version}_linux_$target.tar.gz") | $(bytes "$dist/imon_${version}_$arch.deb") |" \
		"$(bytes "$dist/imon_$version-r1_$label.ipk") ($labels) |"
done >"$work/rows"

awk -v rows="$work/rows" '
	/^<!-- sizes -->/ { print; skip = 1
		print "| target | program | gzip -9 | xz -9 | tar.gz | .deb | .ipk (labels) |"
		print "|---|---|---|---|---|---|---|"
		while ((getline line <rows) > 0) print line }
	/^<!-- end of sizes -->/ { skip = 0 }
	!skip { print }' docs/release.md >"$work/page"
grep -q '^<!-- end of sizes -->' "$work/page"
cat "$work/page" >docs/release.md
