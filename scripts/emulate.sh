#!/bin/bash
# emulate.sh [MACHINE[:MB][:uci][:flash][:faults]...]  runs the release binary on emulated machines, one after the other, and prints a
# table of what was measured. MACHINE is one of those in "machines" below; MB of memory; uci: configured by
# /etc/config/imon; flash: imon is on a squashfs, as on a router, and not in memory; faults: scripts/emulate/faults.sh in place
# of selftest.sh, which takes some minutes. Without arguments: all machines,
# and mipsel with UCI too. First qemu-user runs each binary on the
# processor that it is meant for, which takes a second and shows a wrong GOARM or GOMIPS; "gate" alone ends with that.
# Exit code 0 when every check of every machine passed, 1 when not. docs/emulate.md tells what is checked.
# IDLE: for how many seconds memory and CPU are looked at (10); LIMIT: seconds for one machine (600); VERSION.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 2
ulimit -c 0
idle=${IDLE:-10} limit=${LIMIT:-600} version=${VERSION:-$(scripts/version.sh)}
# shellcheck source-path=SCRIPTDIR source=emulate/packages.sh
. scripts/emulate/packages.sh

# NAME, ARCH of qemu-smoke.sh, MB of memory, kB of anonymous memory allowed when idle, processor for qemu-user, Go settings
machines='mipsel mipsel 64  3072 mipsel,24Kc         GOARCH=mipsle GOMIPS=softfloat
mips             -      -   -    mips,24Kc           GOARCH=mips GOMIPS=softfloat
armhf            armhf  128 3584 arm,cortex-a7       GOARCH=arm GOARM=7
armv6            armel  512 3584 arm,arm1176         GOARCH=arm GOARM=6
arm64            arm64  128 3584 aarch64,cortex-a53  GOARCH=arm64
s390x            s390x  128 3584 s390x,              GOARCH=s390x'

die() { echo "emulate: $*" >&2; exit 2; }
work=$(mktemp -d) || exit 2
child=''
# shellcheck disable=SC2317,SC2329 # called by trap
clear_up() {
	trap '' INT TERM HUP
	[ -z "$child" ] || kill "$child" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}
trap clear_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# of NAME sets arch, memory, anonymous, emulator (of qemu-user), cpu and settings.
of() {
	local line
	line=$(awk -v name="$1" '$1 == name' <<<"$machines")
	[ -n "$line" ] || die "no machine '$1'"
	# shellcheck disable=SC2034 # the name
	read -r _ arch memory anonymous cpu settings <<<"$line"
	emulator=${cpu%,*} cpu=${cpu#*,}
}

# build NAME compiles imon, and the internet of the machine, into a directory of that name. In the background, so that
# a signal ends it at once.
build() {
	local code flags
	mkdir -p "$work/$1"
	mapfile -t flags < <(grep '^-' scripts/build-flags)
	# shellcheck disable=SC2086 # a list of assignments
	env GOTMPDIR="$work" GOFLAGS=-trimpath GOOS=linux CGO_ENABLED=0 $settings nice go build "${flags[@]/%Version=/Version=$version}" \
		-o "$work/$1/" ./cmd/imon ./internal/lab/peer &
	child=$!
	wait $child
	code=$?
	child=''
	return $code
}

# on EMULATOR CPU BINARY ARGUMENT... runs it under qemu-user.
on() {
	tool qemu-user-static "qemu-$1-static" || return
	"${run[@]}" ${2:+-cpu "$2"} "${@:3}"
}

# says CODE START COMMAND...: COMMAND ends with that exit code and its output begins like START, else that is told.
says() {
	local out code
	out=$("${@:3}" 2>&1)
	code=$?
	[ "$code" != "$1" ] || [[ $out != "$2"* ]] || return 0
	echo "FAILED  gate: exit code $code instead of $1, output instead of '$2': $out"
	return 1
}

# gate NAME: its binary tells its version and reads a right and a wrong configuration on its processor.
gate() {
	local imon=$work/$1/imon
	says 0 "$version" on "$emulator" "$cpu" "$imon" --version &&
		says 0 "Configuration file $work/right" on "$emulator" "$cpu" "$imon" check --config "$work/right" &&
		says 1 "? Invalid value '-1' for interval" on "$emulator" "$cpu" "$imon" check --config "$work/wrong" &&
		echo "ok      gate $1 ($settings) on ${cpu:-$emulator}"
}

# gate_holds: a binary for ARMv7 dies of SIGILL (exit code 132) on an ARMv6. Else the gate shows nothing.
gate_holds() {
	(on arm arm1176 "$work/armhf/imon" --version) >/dev/null 2>&1
	[ $? = 132 ] || { echo "FAILED  gate: an ARMv6 ran a program for ARMv7"; return 1; }
	echo "ok      gate: an ARMv6 refuses a program for ARMv7"
}

# boot SPEC runs the self-test, and writes its row of the table.
boot() {
	local name=${1%%:*} mb='' format=json flash='' test=selftest modules='' out="$work/$1.out" begun=$SECONDS code word
	for word in $(tr : '\n' <<<"$1" | tail -n +2); do
		case $word in uci) format=uci ;; flash) flash=-f ;; faults) test=faults modules="crc32c_generic nf_conntrack:enable_hooks=1 nf_conntrack_netlink" ;; *) mb=$word ;; esac
	done
	of "$name"
	echo "== $1: $arch, ${mb:-$memory} MB"
	printf '%s\n' "CONFIG=$format" "IDLE=$idle" "VERSION=$version" "MAX_ANON=$anonymous" >"$work/settings"
	# shellcheck disable=SC2086 # an option or none
	setpriv --pdeathsig TERM scripts/qemu-smoke.sh -q $flash ${modules:+-M "$modules"} -t "$limit" -m "${mb:-$memory}" "$arch" "$work/$name/imon" \
		"scripts/emulate/$test.sh" scripts/emulate/common.sh "$work/$name/peer" "$work/settings" > >(tee "$out") 2>&1 &
	child=$!
	wait $child
	code=$?
	child=''
	sleep 0.2 # for tee
	row "$1" "${mb:-$memory}" $code $((SECONDS - begun)) "$out" >>"$work/table"
	return $code
}

# row NAME MB CODE SECONDS OUTPUT prints what was measured as a row of a table.
row() {
	awk -v name="$1" -v mb="$2" -v code="$3" -v seconds="$4" '
		/^@@FIGURE/ { f[$2] = $3 }
		/^@@END/ { guest = sprintf("%.0f", $2) }
		/^ok / { n++ }
		/^FAILED / { bad++ }
		END { printf "| %s | %s | %s | %d/%d | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", name, mb,
			code == 0 ? "passed" : code == 124 ? "TIMED OUT" : "FAILED", n, n + bad, f["gap_ms"], f["VmRSS"], f["RssAnon"], f["VmHWM"],
			f["tls_anon_kb"], f["tls_hwm_kb"], f["cpu_percent"], f["wakeups_per_s"], guest, seconds }' "$5"
}

# ---- the run
specs=("$@")
[ $# -gt 0 ] || specs=(mipsel mipsel:uci armhf arm64 armv6 s390x)
if [ $# = 0 ] || [ "$1" = gate ]; then names=$(awk '{ print $1 }' <<<"$machines"); else names=$(printf '%s\n' "${specs[@]%%:*}" | sort -u); fi
for name in $names; do of "$name"; done # all known?
echo '{"updown": {"enable": true, "monitorip": "127.0.0.1"}, "ping": {"enable": true, "interval": 0.5, "monitorip": "127.0.0.1"}}' >"$work/right"
echo '{"ping": {"enable": true, "interval": -1, "monitorip": "127.0.0.1"}}' >"$work/wrong"
failed=0
for name in $names; do
	of "$name"
	build "$name" || die "cannot build for $name"
	gate "$name" || failed=1
done
[ ! -e "$work/armhf/imon" ] || gate_holds || failed=1
[ "${1:-}" != gate ] || exit $failed
[ $failed = 0 ] || die "not booted: fix what is above first"

for spec in "${specs[@]}"; do boot "$spec" || failed=1; done
echo
echo "| machine | MB | result | checks | switch, ms | VmRSS, kB | RssAnon | VmHWM | RssAnon, TLS | VmHWM, TLS | CPU, % | wake-ups/s | guest, s | host, s |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
cat "$work/table"
exit $failed
