#!/bin/bash
# qemu-smoke.sh [options] ARCH BINARY TEST.sh [FILE...]
# Boots a real Debian kernel for ARCH under qemu-system with a tiny busybox system holding BINARY (/bin/imon or -n NAME),
# TEST.sh (/t/test.sh) and FILEs (/t/), brings up lo, eth0 and eth1, runs TEST.sh, prints its output, powers off.
# Exit status: TEST.sh's, 124 on time-out, 125 if the guest did not get as far as the test, 2 for a usage or set-up error.
#   ARCH   amd64 | arm64 | armhf | armel (raspi0, ARMv6, no NIC) | mipsel (malta 24Kc) | mips64el | s390x (big-endian, 64 bit)
#          mips (big-endian malta): needs a kernel and a busybox of your own: -k vmlinux -b busybox
#   -m MB      guest memory (default 64 on mips*, 128 otherwise, 512 on armel)
#   -f         flash: the system is a squashfs on a disk, as on a router, and not in memory (not on armel, mips)
#   -t SEC     time limit (default 180)   -M "a b:x=1" more kernel modules with options   -n NAME name in /bin
#   -a ARGS    more kernel arguments      -k FILE own kernel (modules then none) -b FILE own static busybox
#   -s SUITE   Debian suite (default bookworm, the last one with mipsel)        -q quiet: only from the test on
# eth0/eth1 are virtio-net on slirp with restrict=on: 10.9.0.2/24 via 10.9.0.1 and 10.9.1.2/24 via 10.9.1.1 (both answer
# ping; no way out). Without a NIC they are veth pairs into a namespace of the process in /run/peer.pid.
# A line "@@MON <command>" printed by the guest is given to the qemu monitor, e.g. "@@MON set_link n0 off" unplugs eth0's cable.
# Needs: bash, apt, dpkg, GNU coreutils, util-linux, xz/gzip. qemu from PATH, else unpacked (not installed) into
# ${IMON_CACHE:-~/.cache/imon-test}, as are kernels and busyboxes (emulate/packages.sh). No root needed. Nothing stays
# behind, whatever ends it. KVM only with IMON_KVM=1.
# shellcheck disable=SC2317 # functions are called by locked
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
mem='' flash='' limit=180 name=imon modules='' kernel='' busybox='' arguments='' suite=bookworm quiet=''
die() { echo "qemu-smoke: $*" >&2; exit 2; }
while getopts m:ft:n:M:k:b:a:s:q o; do
	case $o in
		m) mem=$OPTARG ;; f) flash=1 ;; t) limit=$OPTARG ;; n) name=$OPTARG ;; M) modules=$OPTARG ;; k) kernel=$OPTARG ;;
		b) busybox=$OPTARG ;; a) arguments=$OPTARG ;; s) suite=$OPTARG ;; q) quiet=1 ;; *) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 3 ] || die "usage: $0 [options] ARCH BINARY TEST.sh [FILE...]"
arch=$1 binary=$2 test=$3
shift 3
# shellcheck source-path=SCRIPTDIR source=emulate/packages.sh
. "$here/emulate/packages.sh"

# ---- the machine
nic=virtio-net-pci,romfile= disk=virtio-blk-pci console=ttyS0 bus='virtio_pci virtio_net' icount=1
case $arch in
	amd64)
		system=x86_64 package=qemu-system-x86 meta=linux-image-cloud-amd64 machine=(-M q35 -vga none)
		if [ -n "${IMON_KVM:-}" ]; then machine+=(-enable-kvm -cpu host); else machine+=(-cpu max); fi ;;
	arm64) system=aarch64 package=qemu-system-arm meta=linux-image-arm64 console=ttyAMA0 machine=(-M virt -cpu cortex-a53) ;;
	armhf) system=arm package=qemu-system-arm meta=linux-image-armmp console=ttyAMA0 machine=(-M 'virt,highmem=off' -cpu cortex-a15) ;;
	armel)
		[ -z "$flash" ] || die "no -f on armel"
		system=arm package=qemu-system-arm meta=linux-image-rpi console=ttyAMA0 nic='' bus='' mem=${mem:-512}
		machine=(-M raspi0) icount=3 arguments="$arguments initcall_blacklist=bcm2835_power_driver_init" ;;
	mipsel) system=mipsel package=qemu-system-mips meta=linux-image-4kc-malta mem=${mem:-64} machine=(-M malta -cpu 24Kc) ;;
	mips64el) system=mips64el package=qemu-system-mips meta=linux-image-5kc-malta mem=${mem:-64} machine=(-M malta -cpu 5KEc) ;;
	mips)
		if [ -n "$flash" ] || [ -z "$kernel" ] || [ -z "$busybox" ]; then die "mips needs -k and -b, and has no -f"; fi
		system=mips package=qemu-system-mips meta='' mem=${mem:-64} machine=(-M malta -cpu 24Kc) ;;
	s390x)
		system=s390x package=qemu-system-misc meta=linux-image-s390x console=ttysclp0 nic=virtio-net-ccw disk=virtio-blk-ccw
		bus=virtio_net machine=(-M s390-ccw-virtio -cpu 'max,zpci=on') ;;
	*) die "unknown ARCH $arch" ;;
esac
mem=${mem:-128}
# The guest's clock counts instructions, 2^icount ns each, while it works: a busy host makes it slow, and not late.
[ -n "${IMON_KVM:-}" ] || machine+=(-icount "shift=$icount,sleep=on" -rtc clock=vm)

# ---- what it is made of
# kernel_package prints the name of the package that $meta stands for now.
kernel_package() {
	apt_for "$suite" "$arch" && apt-cache "${apt[@]}" depends "$meta" | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -n 1
}

# unpack_kernel keeps of the modules what a guest can use.
unpack_kernel() {
	[ -e "$1.ok" ] && return
	local real d
	real=$(kernel_package) && [ -n "$real" ] || return
	unpack "$suite" "$arch" "$real" "$1.new" || return
	for d in "$1".new/lib/modules/*/kernel "$1".new/usr/lib/modules/*/kernel; do
		[ -d "$d" ] || continue
		rm -rf "$d/sound"
		find "$d/drivers" -mindepth 1 -maxdepth 1 ! -name net ! -name virtio ! -name block -exec rm -rf {} +
		find "$d/drivers/net" -mindepth 1 -maxdepth 1 -type d ! -name wireguard ! -name ppp ! -name phy -exec rm -rf {} +
		find "$d/fs" -mindepth 1 -maxdepth 1 -type d ! -name 'ext*' ! -name jbd2 ! -name overlayfs ! -name squashfs -exec rm -rf {} +
	done
	rm -rf "$1.new/usr/share" "$1".new/boot/System.map-* "$1.new.ok" "$1" && mv "$1.new" "$1" && touch "$1.ok"
}

# busybox_of ARCH prints the path of a static busybox for it.
busybox_of() {
	local d=$cache/busybox-$suite-$1
	locked unpack "$suite" "$1" busybox-static "$d" || return
	[ -x "$d/bin/busybox" ] && echo "$d/bin/busybox" || echo "$d/usr/bin/busybox"
}

own=$(busybox_of "$host_arch") || die "no busybox for $host_arch"
[ -n "$busybox" ] || busybox=$(busybox_of "$arch") || die "no busybox for $arch"
system_files=''
if [ -z "$kernel" ]; then
	system_files=$cache/kernel-$suite-$arch
	locked unpack_kernel "$system_files" || die "no kernel for $arch"
	kernel=$(find "$system_files/boot" -name 'vmlinuz-*' | head -n 1)
fi
tool "$package" "qemu-system-$system" || die "no qemu-system-$system"
qemu=("${run[@]}")
[ "${qemu[0]}" != env ] || machine+=(-L "$tools/usr/share/qemu" -L "$tools/usr/share/seabios" -L /usr/share/qemu -L /usr/share/seabios)

# ---- the system in it
work=$(mktemp -d) || exit 2
emulator='' reader=''
# shellcheck disable=SC2317,SC2329 # called by trap
clear_up() {
	trap '' INT TERM HUP
	[ -z "$emulator" ] || kill -9 "$emulator" 2>/dev/null
	[ -z "$reader" ] || kill "$reader" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}
trap clear_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# skeleton DIR makes the directories, busybox and init.
skeleton() {
	mkdir -p "$1"/{bin,sbin,etc,proc,sys,dev,tmp,run,var,root,t,r,modules,usr/bin,usr/sbin}
	install -m 755 "$busybox" "$1/bin/busybox"
	install -m 755 "$here/emulate/init" "$1/init"
	ln -s busybox "$1/bin/sh"
}

declare -A seen=()
number=10
# module NAME adds a kernel module after those that it needs. One that is not there is built in.
module() {
	local m=${1//-/_} file dependency
	[ -z "${seen[$m]:-}" ] || return 0
	seen[$m]=1
	file=$(find "$system_files"/lib/modules "$system_files"/usr/lib/modules -name "${m//_/[-_]}.ko*" 2>/dev/null | head -n 1)
	[ -n "$file" ] || return 0
	case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -qdc "$file" ;;
		*) cat "$file" ;;
	esac >"$work/$m.ko"
	for dependency in $(tr '\0' '\n' <"$work/$m.ko" | grep -a '^depends=' | head -n 1 | sed 's/^depends=//; s/,/ /g'); do
		module "$dependency"
	done
	mv "$work/$m.ko" "$initramfs/modules/$number-$m.ko"
	number=$((number + 1))
}

initramfs=$work/initramfs root=$work/initramfs
skeleton "$initramfs"
if [ -n "$flash" ]; then
	root=$work/root
	skeleton "$root"
	touch "$root/flashed"
	"$own" --list | while read -r applet; do [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"; done
fi
install -m 755 "$binary" "$root/bin/$name" && cp "$test" "$root/t/test.sh" || exit 2
for file; do cp -r "$file" "$root/t/" || exit 2; done
if [ -n "$system_files" ]; then
	for m in $bus veth dummy af_packet ${flash:+virtio_blk squashfs} $modules; do
		module "${m%%:*}"
		[ "$m" = "${m%%:*}" ] || echo "${m#*:}" >"$initramfs/modules/${m%%:*}.options"
	done
fi
if [ -n "$flash" ]; then
	tool squashfs-tools mksquashfs || die "no mksquashfs"
	"${run[@]}" "$root" "$work/flash" -all-root -comp xz -b 256K -no-progress >/dev/null || die "mksquashfs"
	machine+=(-drive "file=$work/flash,if=none,id=flash,format=raw,readonly=on" -device "$disk,drive=flash")
fi
(cd "$initramfs" && "$own" find . | "$own" cpio -o -H newc 2>/dev/null) | gzip -1 >"$work/initrd.gz" || die "cpio"
if [ -n "$nic" ]; then
	for i in 0 1; do
		machine+=(-netdev "user,id=n$i,restrict=on,net=10.9.$i.0/24,host=10.9.$i.1" -device "$nic,netdev=n$i,mac=52:54:00:00:00:1$i")
	done
fi
[ "$arch" != armel ] || machine+=(-dtb "$(find "$system_files" -name bcm2835-rpi-zero.dtb | head -n 1)")

# ---- run it
# ms prints the milliseconds since the start.
ms() { echo $(((${EPOCHREALTIME/./} - started) / 1000)); }

# follow gives the guest's lines to the terminal, and the commands among them to the monitor.
follow() {
	local line
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in *"@@MON "*) echo "${line#*@@MON }" >&9 ;; esac
		[ -n "$quiet" ] || echo "$line"
		case $line in
			*"@@START "*) quiet='' && echo "@@BOOTED $(ms) ms" ;;
			*"@@RC "*) sleep 0.2; echo quit >&9; break ;;
		esac
	done
}

mkfifo "$work/monitor"
: >"$work/serial"
started=${EPOCHREALTIME/./}
# setpriv: the emulator ends with this script, however that ends.
setpriv --pdeathsig KILL nice "${qemu[@]}" "${machine[@]}" -m "$mem" -nodefaults -nographic -no-reboot -kernel "$kernel" -initrd "$work/initrd.gz" \
	-append "console=$console panic=-1 quiet loglevel=3 rdinit=/init net.ifnames=0 $arguments" \
	-serial file:"$work/serial" -monitor stdio <"$work/monitor" >"$work/monitor.out" 2>&1 &
emulator=$!
exec 9>"$work/monitor"
follow < <(exec tail -n +1 -f --pid=$emulator "$work/serial" 2>/dev/null) &
reader=$!
late=''
for ((i = 0; i < limit * 5; i++)); do
	kill -0 $emulator 2>/dev/null || break
	sleep 0.2
done
! kill -0 $emulator 2>/dev/null || { late=", TIMED OUT after $limit s" && kill -9 $emulator; }
wait $emulator 2>/dev/null
wait $reader 2>/dev/null
emulator='' reader=''
rc=$(tr -d '\r' <"$work/serial" | sed -n 's/.*@@RC \([0-9]*\).*/\1/p' | tail -n 1)
echo "@@HOST $arch -m $mem: $(ms) ms, test rc=${rc:-none}$late"
[ -z "$rc" ] || exit "$rc"
tail -n 5 "$work/monitor.out" >&2
[ -z "$late" ] || exit 124
exit 125
