#!/bin/sh
# release.sh [snapshot]  builds everything that a release consists of into $DIST
# ("dist" when not set): archives, Debian and OpenWrt packages, the list of modules,
# checksums. What is packed is the last commit. With "snapshot" the versions are
# those of scripts/version.sh snapshot. Nothing is published; no git remote is needed.
set -eu
cd "$(dirname "$0")/.."
GORELEASER=github.com/goreleaser/goreleaser/v2@v2.16.0
mode=${1:-release}
case $mode in release | snapshot) ;; *) echo "release.sh: 'snapshot' or nothing, not '$mode'" >&2; exit 1 ;; esac
[ -z "$(git status --porcelain --untracked-files=no)" ] || echo "release.sh: what is not committed is not in it" >&2

mkdir -p "${DIST:-dist}"
dist=$(cd "${DIST:-dist}" && pwd)
unset DIST SOURCE_DATE_EPOCH # what the hooks do depends on the commit alone
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# GoReleaser wants a remote and a tag: it gets them in a clone.
git clone -q --shared . "$work/imon"
cd "$work/imon"
git remote set-url origin https://github.com/ejgeiger/imon.git
version=$(scripts/version.sh "$mode")
set -- --skip=publish
if [ "$mode" = snapshot ]; then
	set -- --snapshot
	IMON_VERSION=$version
	export IMON_VERSION
elif tagged=$(git rev-parse -q --verify "refs/tags/v$version^{commit}"); then
	[ "$tagged" = "$(git rev-parse HEAD)" ] || { echo "release.sh: v$version is tagged, and is another commit" >&2; exit 1; }
else
	git tag "v$version"
fi
awk '/^## / { section++; next } section == 1' CHANGELOG.md >"$work/notes.md"
go run "$GORELEASER" release --clean --release-notes="$work/notes.md" "$@"

rm -f "$dist"/imon_*
cp dist/imon_*.tar.gz dist/imon_*.deb dist/imon_*.ipk dist/imon_*.txt "$dist/"
(cd "$dist" && sha256sum --quiet -c "imon_${version}_checksums.txt")
echo "imon $version: $(find "$dist" -name 'imon_*' | wc -l) files in $dist"
