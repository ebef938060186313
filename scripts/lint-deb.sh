#!/bin/sh
# lint-deb.sh [DEB...]  holds the Debian packages and man pages against lintian,
# mandoc and man: no error and no warning but those that rpi/lintian-overrides
# explains. Without a DEB it builds all three architectures first.
set -eu
cd "$(dirname "$0")/.."
scripts/need.sh lintian:lintian mandoc:mandoc man-db:man groff-base:groff
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

if [ $# = 0 ]; then
	for arch in amd64 arm64 armhf; do
		DIST=$work scripts/deb.sh "$arch" >/dev/null
	done
	set -- "$work"/*.deb
fi
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$@"

# ARMv6 is the oldest Raspberry Pi; a program for ARMv7 dies there.
for deb in "$@"; do
	[ "$(dpkg-deb -f "$deb" Architecture)" = armhf ] || continue
	dpkg-deb --fsys-tarfile "$deb" | tar -xO ./usr/bin/imon >"$work/imon"
	go version -m "$work/imon" | grep -q 'GOARM=6' || { echo "$deb: not for ARMv6" >&2; exit 1; }
done

mandoc -T lint -W warning rpi/man/*
for page in rpi/man/*; do
	warnings=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
	[ -z "$warnings" ] || { echo "$page: $warnings" >&2; exit 1; }
done
echo "lintian, mandoc and man have nothing to say"
