#!/bin/sh
# modules.sh FILE  writes into FILE, for each program that GoReleaser built below
# dist, the version of Go, every module in it with version and hash, and the
# settings of the build, as they stand in the program itself.
set -eu
cd "$(dirname "$0")/../dist"
for program in imon_linux_*/imon; do
	[ -f "$program" ] || { echo "modules.sh: no program in dist" >&2; exit 1; }
	go version -m "$program"
done >"${1:?which file?}"
