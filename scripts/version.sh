#!/bin/sh
# version.sh [snapshot]  prints the newest version of CHANGELOG.md, such as 3.0.0:
# the one that is out, or the one that is being worked on. With "snapshot" it
# prints a version for what is checked out now, such as 3.0.0~git202611252138.1a2b3c4,
# which dpkg and opkg sort after every earlier release and before 3.0.0 itself;
# once 3.0.0 is tagged it is 3.0.1~git… instead.
set -eu
cd "$(dirname "$0")/.."
version=$(awk '/^## [0-9]/ { print $2; exit }' CHANGELOG.md)
case $version in
	[0-9]*.[0-9]*.[0-9]*) ;;
	*) echo "version.sh: CHANGELOG.md begins with no section '## 1.2.3'" >&2; exit 1 ;;
esac
if [ "${1:-}" = snapshot ]; then
	if git rev-parse -q --verify "refs/tags/v$version" >/dev/null; then
		version=${version%.*}.$((${version##*.} + 1))
	fi
	version=$version~git$(TZ=UTC git log -1 --date=format-local:%Y%m%d%H%M --format=%cd.%h --abbrev=7)
fi
echo "$version"
