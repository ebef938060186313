#!/bin/sh
# cpu-test.sh [DIRECTORY [TARGET...]]  runs the programs of a release's archives under
# qemu-user, on a CPU that can do no more than the oldest machine of the target: a
# program for a newer one dies there of an illegal instruction. Each says its
# version and translates a configuration, as this machine's own does.
set -eu
cd "$(dirname "$0")/.."
dist=$(cd "${1:-dist}" && pwd)
[ $# = 0 ] || shift
scripts/need.sh qemu-user-static:qemu-mipsel-static
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# cpu TARGET prints the emulator and the CPU: 24Kc and arm926 have no floating
# point, qemu64 is x86-64-v1.
cpu() {
	case $1 in
		arm5) echo qemu-arm-static -cpu arm926 ;;
		arm6) echo qemu-arm-static -cpu arm1176 ;;
		arm7) echo qemu-arm-static -cpu cortex-a7 ;;
		arm64) echo qemu-aarch64-static -cpu cortex-a53 ;;
		mips) echo qemu-mips-static -cpu 24Kc ;;
		mipsle) echo qemu-mipsel-static -cpu 24Kc ;;
		mips64) echo qemu-mips64-static -cpu MIPS64R2-generic ;;
		mips64le) echo qemu-mips64el-static -cpu MIPS64R2-generic ;;
		386) ;; # qemu-i386 of QEMU 7.2 crashes every program of Go, an empty one too
		amd64) echo qemu-x86_64-static -cpu qemu64 ;;
		riscv64) echo qemu-riscv64-static -cpu rv64 ;;
		loong64) echo qemu-loongarch64-static ;;
		*) echo "cpu-test.sh: which CPU for $1?" >&2; return 1 ;;
	esac
}

archive=$(ls "$dist"/imon_*_linux_amd64.tar.gz)
version=${archive##*/imon_} version=${version%_linux_amd64.tar.gz}
scripts/build.sh host "$work/native" "$version"
"$work/native" convert --to uci --config rpi/imon-main.example >"$work/want"
[ $# != 0 ] || eval set -- "$(awk '!/^#/ { print $1 }' scripts/targets | tr '\n' ' ')"
status=0
for target; do
	emulator=$(cpu "$target")
	[ -n "$emulator" ] || { echo "-- $target: not run, qemu-user cannot"; continue; }
	rm -rf "$work/imon"
	mkdir "$work/imon"
	tar -xzf "$dist/imon_${version}_linux_$target.tar.gz" --strip-components=1 -C "$work/imon"
	# shellcheck disable=SC2086 # a command and its arguments
	if said=$($emulator "$work/imon/imon" --version) && [ "$said" = "$version" ] &&
		$emulator "$work/imon/imon" convert --to uci --config rpi/imon-main.example | cmp - "$work/want"; then
		echo "ok $target ($emulator)"
	else
		echo "FAIL $target ($emulator): ${said:-it says no version}"
		status=1
	fi
done
exit $status
