#!/bin/sh
# fuzz.sh TIME [PATTERN]  runs each fuzz target of the project whose name or directory
# matches PATTERN (grep -E) for TIME, one after the other; there is no list of them to
# keep. One that fails does not keep the others from running; its input is then below
# testdata/fuzz, to be mended and committed. To make inputs smaller takes 2 s at most: by
# default it would be the whole minute. GOFLAGS may say more, such as -parallel=1.
set -u
cd "$(dirname "$0")/.." || exit 1
time=${1:?for how long? 60s} pattern=${2:-.}
total=0 failed=
for file in $(grep -rl --include='*_test.go' '^func Fuzz' cmd internal | sort); do
	directory=$(dirname "$file")
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "$directory $target" | grep -Eq "$pattern" || continue
		total=$((total + 1))
		echo "== $target in $directory"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 2s "./$directory" || failed="$failed $directory:$target"
	done
done
echo "$total fuzz targets, $time each; failed:${failed:- none}"
[ -z "$failed" ] && [ $total -gt 0 ]
