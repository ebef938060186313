#!/bin/sh
# packages-test.sh [DIRECTORY]  proves what `make release` or `make snapshot` left in
# DIRECTORY ("dist" when not given): checksums; each .ipk held against what opkg
# wants; each program run on an emulated CPU that can do no more than the oldest
# machine it is for; lintian for each .deb, which is then installed, run and purged
# in a fresh Debian of its architecture; each program compiled again elsewhere, byte
# for byte, from the commit that is checked out. Needs root, for installing what it
# needs and for the Debians, which are kept in ${IMON_CACHE:-~/.cache/imon-test}.
set -eu
cd "$(dirname "$0")/.."
dist=$(cd "${1:-dist}" && pwd)
checksums=$(ls "$dist"/imon_*_checksums.txt 2>/dev/null) || { echo "packages-test.sh: no release in $dist: make release" >&2; exit 1; }

echo "== checksums"
(cd "$dist" && sha256sum --quiet -c "$checksums")
listed=$(wc -l <"$checksums") present=$(find "$dist" -name 'imon_*' | wc -l)
[ "$((listed + 1))" = "$present" ] || { echo "packages-test.sh: $present files, $listed with a checksum" >&2; exit 1; }
echo "== OpenWrt packages: structure, fields, program"
IMON_PACKAGES=$dist go test -count=1 -run 'Released|Opkg' ./openwrt
echo "== programs on the oldest CPU"
scripts/cpu-test.sh "$dist"
echo "== Debian packages: lintian"
scripts/lint-deb.sh "$dist"/imon_*.deb
echo "== Debian packages: fresh Debians"
for deb in "$dist"/imon_*.deb; do
	scripts/root-test.sh "$deb"
done
echo "== programs compiled again: another directory, an empty build cache, no GoReleaser"
scripts/rebuild-test.sh "$dist"
