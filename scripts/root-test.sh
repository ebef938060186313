#!/bin/sh
# root-test.sh DEB  installs DEB in a fresh Debian of its architecture, runs imon
# there, removes and purges it: no file may be left behind. Other machines' Debians run by
# qemu-user, for which the kernel is told of it while this lasts. IMON_SUITE is
# another release than bookworm. Needs root.
set -eu
deb=${1:?which package?} suite=${IMON_SUITE:-bookworm} cache=${IMON_CACHE:-$HOME/.cache/imon-test}
[ "$(id -u)" = 0 ] || { echo "root-test.sh: a Debian can only be set up by root" >&2; exit 1; }
if [ -z "${IMON_OWN_MOUNTS:-}" ]; then
	IMON_OWN_MOUNTS=1 exec unshare --mount --propagation private "$0" "$@"
fi
here=$(cd "$(dirname "$0")" && pwd)
"$here/need.sh" mmdebstrap:mmdebstrap arch-test:arch-test qemu-user-static:qemu-arm-static
arch=$(dpkg-deb -f "$deb" Architecture) version=$(dpkg-deb -f "$deb" Version)
mkdir -p "$cache"
work=$(mktemp -d)
registered=
cleanup() {
	if [ -n "$registered" ]; then echo -1 >"/proc/sys/fs/binfmt_misc/$registered"; fi
	umount "$work" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
exec 9>"$cache/lock-root-$arch"
flock 9

# foreign NAME MAGIC MASK tells the kernel that qemu-NAME-static runs such programs.
foreign() {
	[ -e /proc/sys/fs/binfmt_misc/status ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
	[ ! -e "/proc/sys/fs/binfmt_misc/qemu-$1" ] || return 0
	printf ':qemu-%s:M::%s:%s:/usr/bin/qemu-%s-static:F' "$1" "$2" "$3" "$1" >/proc/sys/fs/binfmt_misc/register
	registered=qemu-$1
}

mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
	case $arch in
		armhf) foreign arm '\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00' "$mask" ;;
		arm64) foreign aarch64 '\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00' "$mask" ;;
		*) echo "root-test.sh: no emulation for $arch" >&2; exit 1 ;;
	esac
fi

base=$cache/base-$suite-$arch.tar
if [ ! -e "$base" ]; then
	# shellcheck disable=SC2016 # apt-get's own variable
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
	mmdebstrap --quiet --format=tar --variant=essential --architectures="$arch" "$suite" "$base.new" "$mirror"
	mv "$base.new" "$base"
fi
mount -t tmpfs -o mode=755 tmpfs "$work"
tar -xf "$base" -C "$work"
cp "$deb" "$work/imon.deb"

# inside CONFIGURATION...: dpkg is called as apt does; what it prints is shown on a fault.
cat >"$work/inside" <<'END'
set -eu
version=$1
files() { find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /var/lib/dpkg -o -path /var/log -o -path /inside.log \) -prune -o -print | sort; }
files >/var/log/before
{
	DEBIAN_FRONTEND=noninteractive dpkg --install /imon.deb
	[ "$(dpkg-query -W -f '${db:Status-Status} ${Version} ${Architecture}' imon)" = "installed $version $(dpkg --print-architecture)" ]
	dpkg --verify imon
	[ "$(imon --version)" = "$version" ]
	[ "$(readlink -f /usr/bin/imon-configure)" = /usr/bin/imon ]
	imon convert --to uci --config /usr/share/doc/imon/examples/imon-main | grep -q "config instance"
	sh -n /usr/share/doc/imon/examples/imon-action
	test -f /usr/lib/systemd/system/imon@.service
	dpkg --remove imon
	! command -v imon
	dpkg --purge imon
	files >/var/log/after
	diff /var/log/before /var/log/after
} >/inside.log 2>&1 || { cat /inside.log; exit 1; }
END
chroot "$work" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C sh /inside "$version"
echo "ok ${deb##*/}: installed, run, removed and purged in a fresh $suite of $arch"
