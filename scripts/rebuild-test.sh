#!/bin/sh
# rebuild-test.sh [DIRECTORY [ARCH...]]  compiles each target, or those of ARCH (see
# cross-build.sh), in a clone of the commit that is checked out, with an empty build
# cache, and compares the program byte for byte with the one in the archive that
# `make release` left in DIRECTORY ("dist" when not given).
set -eu
cd "$(dirname "$0")/.."
dist=$(cd "${1:-dist}" && pwd)
[ $# = 0 ] || shift
archive=$(ls "$dist"/imon_*_linux_amd64.tar.gz)
version=${archive##*/imon_} version=${version%_linux_amd64.tar.gz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

git clone -q --shared . "$work/elsewhere"
GOCACHE=$work/cache DIST=$work VERSION=$version "$work/elsewhere/scripts/cross-build.sh" "$@"
status=0
for program in "$work"/imon-*; do
	target=${program##*/imon-}
	tar -xzOf "$dist/imon_${version}_linux_$target.tar.gz" --wildcards '*/imon' | cmp - "$program" || status=1
done
[ $status != 0 ] || echo "ok $(find "$work" -maxdepth 1 -name 'imon-*' | wc -l) programs, the same bytes"
exit $status
