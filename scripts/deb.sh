#!/bin/sh
# deb.sh ARCH [VERSION [BINARY]]  builds $DIST/imon_VERSION_ARCH.deb for amd64,
# arm64 or armhf (ARMv6 with VFP, as Raspberry Pi OS has it); DIST is "dist" when
# not set. The same commit gives the same bytes. With BINARY, that file is packed
# and nothing is compiled. What is in the package stands in rpi/nfpm.yaml.
set -eu
cd "$(dirname "$0")/.."
arch=${1:?which architecture? amd64, arm64 or armhf} version=${2:-$(scripts/version.sh)} binary=${3:-}
NFPM=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2

target=$(awk -v arch="$arch" '$2 == arch && $2 != "-" && !/^#/ { print $1 }' scripts/targets)
[ -n "$target" ] || { echo "deb.sh: no architecture '$arch': amd64, arm64 or armhf" >&2; exit 1; }
case $version in
	[!0-9]* | *[!0-9A-Za-z.+~-]*) echo "deb.sh: '$version' is no version of a Debian package" >&2; exit 1 ;;
esac
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

dist=${DIST:-dist}
mkdir -p "$dist"
work=$(mktemp -d "$dist/deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

if [ -z "$binary" ]; then
	binary=$work/imon
	scripts/build.sh "$target" "$binary" "$version"
fi

# changelog prints the newest section of CHANGELOG.md as deb-changelog(5) wants it.
changelog() {
	printf 'imon (%s) stable; urgency=medium\n\n' "$version"
	awk 'function flush(i, n, word, line) {
			n = split(text, word, " "); text = ""; line = ""
			for (i = 1; i <= n; i++) {
				if (length(line word[i]) > 72) { print lead line; lead = "    "; line = "" }
				line = line (line == "" ? "" : " ") word[i]
			}
			if (line != "") print lead line
		}
		/^## / { section++; next } section != 1 { next }
		/^### / { flush(); print "  [ " substr($0, 5) " ]"; next }
		/^- / { flush(); lead = "  * "; text = substr($0, 3); next }
		/^ / { text = text $0 }
		END { flush() }' CHANGELOG.md
	printf '\n -- E. J. Geiger <ejgeiger@users.noreply.github.com>  %s\n' "$(LC_ALL=C date -u -R -d "@$epoch")"
}

changelog | gzip -9n >"$work/changelog.gz"
for page in rpi/man/*.[58]; do
	gzip -9n <"$page" >"$work/${page##*/}.gz"
done
# Files keep no time of their own, so that a fresh checkout gives the same bytes.
# nfpm is compiled as GoReleaser's hooks would: once.
SOURCE_DATE_EPOCH=$epoch ARCH=$arch VERSION=$version BINARY=$binary WORK=$work \
	CGO_ENABLED=0 GOFLAGS=-trimpath go run "$NFPM" package --config rpi/nfpm.yaml --packager deb --target "$work/deb" >"$work/log" 2>&1 ||
	{ cat "$work/log" >&2; exit 1; }
mv "$work/deb" "$dist/imon_${version}_$arch.deb"
echo "$dist/imon_${version}_$arch.deb"
