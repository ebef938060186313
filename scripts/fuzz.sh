#!/bin/sh
# fuzz.sh TIME  runs each fuzz target of the project for TIME, one after the other.
set -eu
for file in $(grep -rl --include='*_test.go' '^func Fuzz' cmd internal); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "== $target in $(dirname "$file")"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "./$(dirname "$file")"
	done
done
