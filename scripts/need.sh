#!/bin/sh
# need.sh PACKAGE:COMMAND...  makes sure that each command is there: installs
# the Debian package that has it (as root), or says exactly what is missing.
set -u
missing=
for pair in "$@"; do
	PATH="$PATH:/usr/sbin:/sbin" command -v "${pair#*:}" >/dev/null 2>&1 || missing="$missing ${pair%%:*}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing$missing"
	# shellcheck disable=SC2086 # a list of names
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 && exit 0
fi
echo "missing:$missing. As root on Debian: apt-get install$missing" >&2
exit 1
