#!/bin/sh
# package.sh TARGET VERSION BINARY  packs BINARY, which was built for a target of
# scripts/targets, into every package made of it: the .deb of its architecture and
# the .ipk of each OpenWrt label, into $DIST ("dist" when not set). Nothing is
# compiled. TARGET may be GoReleaser's word for it, such as linux_arm_6.
set -eu
cd "$(dirname "$0")/.."
word=${1:?which target? See scripts/targets} version=${2:?which version?} binary=${3:?which program?}

# GoReleaser's word is "linux" and the values of the settings, joined by "_".
line=$(awk -v word="$word" '
	/^#/ { next }
	{
		name = "linux"
		for (i = 3; i <= NF; i++) { value = $i; sub(/^[^=]*=/, "", value); name = name "_" value }
		if (word == $1 || word == name) print $1, $2
	}' scripts/targets)
[ -n "$line" ] || { echo "package.sh: no target '$word' in scripts/targets" >&2; exit 1; }
target=${line% *} arch=${line#* }

[ "$arch" = - ] || scripts/deb.sh "$arch" "$version" "$binary"
# shellcheck disable=SC2013 # labels are words
for label in $(awk -v target="$target" '!/^#/ && $2 == target { print $1 }' openwrt/labels); do
	scripts/ipk.sh "$label" "$version" "$binary"
done
