#!/bin/sh
# reproduce.sh [TARGET...]  compiles each target (see cross-build.sh; amd64 and mipsle
# when not given) twice, in clones of the commit that is checked out that stand in two
# directories of different depth, each with an empty build cache of its own, another
# time zone and another umask, and compares the programs byte for byte. It prints their
# checksums, which anybody can compare who has this commit and this Go.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- amd64 mipsle
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# build NAME DIRECTORY TZ UMASK TARGET...
build() {
	name=$1 directory=$work/$2 zone=$3 mask=$4
	shift 4
	mkdir -p "$(dirname "$directory")"
	git clone -q --shared . "$directory"
	(
		umask "$mask"
		export TZ="$zone" GOCACHE="$work/cache-$name" DIST="$work/$name" HOME="$work"
		"$directory/scripts/cross-build.sh" "$@"
	)
}
# The modules are the same files for both: go.sum says which, whatever the cache.
GOMODCACHE=$(go env GOMODCACHE) GOPROXY=$(go env GOPROXY)
export GOMODCACHE GOPROXY
build one a UTC 022 "$@"
build two another/and/deeper/directory Pacific/Auckland 077 "$@" >/dev/null

status=0
for program in "$work/one"/imon-*; do
	cmp "$program" "$work/two/${program##*/}" || status=1
	(cd "$work/one" && sha256sum "${program##*/}")
done
[ $status != 0 ] || echo "ok, built twice with $(go version | cut -d' ' -f3), the same bytes"
exit $status
