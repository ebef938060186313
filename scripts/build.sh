#!/bin/sh
# build.sh TARGET OUT [VERSION]  compiles imon for a target of scripts/targets, or
# for this machine when TARGET is "host", into the file OUT. The flags stand in
# scripts/build-flags. The same commit and the same Go give the same bytes,
# wherever it is built. VERSION is the newest one of CHANGELOG.md when not given.
# With SYMBOLS=1 in the environment the symbols stay in, for scripts/size.sh.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
target=${1:?which target? See scripts/targets} out=${2:?which file?}
version=${3:-$("$root/scripts/version.sh")}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$root"

settings=
if [ "$target" != host ]; then
	settings=$(awk -v target="$target" '$1 == target { $1 = $2 = ""; print }' scripts/targets)
	[ -n "$settings" ] || { echo "build.sh: no target '$target' in scripts/targets" >&2; exit 1; }
fi

set --
while IFS= read -r line; do
	case $line in
		-ldflags=*)
			[ -z "${SYMBOLS:-}" ] || line="-ldflags=${line#-ldflags=-s -w }"
			set -- "$@" "$line$version"
			;;
		-*) set -- "$@" "$line" ;;
	esac
done <scripts/build-flags
# shellcheck disable=SC2086 # a list of assignments
exec env -u GOEXPERIMENT -u GOFIPS140 GOFLAGS=-trimpath GOOS=linux CGO_ENABLED=0 $settings go build "$@" -o "$out" ./cmd/imon
