#!/bin/bash
# nspawn-test.sh [-s SUITE] [-t SECONDS] [-p PACKAGE,PACKAGE] TEST.sh [FILE...]
# Boots a throw-away Debian (systemd as PID 1) in systemd-nspawn with a private network, copies FILEs (.deb, ...)
# to /t inside, runs TEST.sh there as root, powers off; exit status = TEST.sh's (124 on time-out).
# Host needs: root, apt, perl, overlayfs. Nothing is installed on the host: nspawn and mmdebstrap are unpacked into
# ${IMON_CACHE:-~/.cache/imon-test}, and so is the root file system, which later runs use again (3 s, the first 60 s).
set -u
suite=bookworm cache=${IMON_CACHE:-$HOME/.cache/imon-test} limit=120 packages=systemd,systemd-sysv,dbus,iproute2
die() { echo "nspawn-test: $*" >&2; exit 2; }

# inner runs in mount and PID namespaces of its own, so that everything dies with it.
inner() {
	mount -t tmpfs tmpfs /run/systemd
	mount -t tmpfs -o mode=755 tmpfs "$work" && mkdir -p "$work"/{u,w,m}
	mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/u,workdir=$work/w" "$work/m" || die "no overlay file system"
	mkdir -p "$work/m/t" && cp -- "$1" "$work/m/t/test.sh" && shift
	for file; do cp -r -- "$file" "$work/m/t/"; done
	for h in "${hierarchies[@]}"; do echo $$ >"$h/$group/cgroup.procs"; done
	SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 LD_LIBRARY_PATH=$library "$nspawn" --quiet --boot -D "$work/m" \
		--private-network --register=no --keep-unit --console=read-only --link-journal=no --resolv-conf=off --timezone=off \
		--setenv=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 </dev/null >"$work/console" 2>&1 &
	container=$! state=
	for _ in $(seq 300); do
		# Its first child is for a moment not the one that stays.
		init=$(cat "/proc/$container/task/$container/children" 2>/dev/null); init=${init%% *}
		[ -n "$init" ] && state=$(enter 20 systemctl is-system-running 2>/dev/null)
		case $state in running | degraded) break ;; esac
		kill -0 "$container" 2>/dev/null || break
		sleep 0.05
	done
	case $state in
		running) ;;
		degraded) enter 20 systemctl --failed --no-legend ;;
		*) cat "$work/console"; die "no boot: $state" ;;
	esac
	enter "$limit" env -i LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root SYSTEMD_PAGER= DEBIAN_FRONTEND=noninteractive \
		bash -c 'cd /t && exec bash ./test.sh'
	status=$?
	enter 5 systemctl --force poweroff >/dev/null 2>&1
	for _ in $(seq 100); do kill -0 "$container" 2>/dev/null || break; sleep 0.05; done
	for h in "${hierarchies[@]}"; do echo $$ >"$h/cgroup.procs"; done
	exit "$status"
}

# enter SECONDS COMMAND... runs a command in the container.
enter() { timeout -k 5 "$1" nsenter -t "$init" -m -u -i -n -p -C -- "${@:2}"; }

# tools unpacks systemd-nspawn and mmdebstrap.
tools() {
	[ -e "$cache/nspawn.ok" ] && return
	rm -rf "$cache/debs" "$cache/nspawn" && mkdir -p "$cache/debs" && (
		cd "$cache/debs" && apt-get -qq update &&
			apt-get -qq -o APT::Sandbox::User=root download systemd-container libsystemd-shared libip4tc2 mmdebstrap &&
			for p in ./*.deb; do dpkg -x "$p" "$cache/nspawn" || exit 1; done
	) || die "cannot download systemd-container and mmdebstrap"
	touch "$cache/nspawn.ok"
}

# filesystem makes the root file system, from the mirror that apt uses.
filesystem() {
	[ -e "$root.ok" ] && return
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
	# The mounts of mmdebstrap are in a namespace of their own: killed, it leaves none behind, into which rm would walk.
	rm -rf --one-file-system "$root"
	PATH=$cache/nspawn/usr/bin:$PATH nice unshare -m --propagation private perl "$cache/nspawn/usr/bin/mmdebstrap" --quiet --variant=minbase --include="$packages" \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		--customize-hook='rm -rf $1/var/lib/apt/lists/* $1/var/cache/apt/*.bin $1/etc/dpkg/dpkg.cfg.d/*' \
		--customize-hook='echo imon-test > $1/etc/hostname; : > $1/etc/machine-id; rm -f $1/etc/resolv.conf; touch $1/etc/resolv.conf' \
		"$suite" "$root" "$mirror" || die "mmdebstrap failed"
	touch "$root.ok"
}

# sweep removes what a run left that is over.
sweep() {
	for h in "${hierarchies[@]}"; do
		for g in "$h"/imon-nspawn-*; do
			[ -d "$g" ] && ! kill -0 "${g##*-}" 2>/dev/null && find "$g" -depth -type d -exec rmdir {} \; 2>/dev/null
		done
	done
	for d in "$cache"/run-*; do
		[ -d "$d" ] && ! kill -0 "${d##*-}" 2>/dev/null && rmdir "$d"
	done
	return 0
}

cleanup() {
	for h in "${hierarchies[@]}"; do find "$h/$group" -depth -type d -exec rmdir {} \; 2>/dev/null; done
	rm -rf "$work"
}

while getopts s:t:p: o; do
	case $o in s) suite=$OPTARG ;; t) limit=$OPTARG ;; p) packages=$packages,$OPTARG ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))
[ "$(id -u)" = 0 ] || die "needs root"
[ -f "${1:-}" ] || die "no test '${1:-}'"
mkdir -p "$cache"
nspawn=$cache/nspawn/usr/bin/systemd-nspawn
library=$cache/nspawn/usr/lib/$(uname -m)-linux-gnu:$cache/nspawn/usr/lib/$(uname -m)-linux-gnu/systemd
root=$cache/root-$suite-$(echo "2 $suite $packages" | md5sum | cut -c1-8)
hierarchies=()
for h in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
	[ -e "$h/cgroup.procs" ] && hierarchies+=("$h")
done
exec 9>"$cache/lock" && flock 9
tools && filesystem && sweep
exec 9>&-
group=imon-nspawn-$$ work=$cache/run-$$
mkdir -p "$work" || die "no directory $work"
trap cleanup EXIT
trap 'exit 1' INT TERM
for h in "${hierarchies[@]}"; do mkdir -p "$h/$group" || die "no control group"; done
export -f inner enter die
export root limit library nspawn group work
setpriv --pdeathsig KILL unshare -m -p -f --mount-proc --propagation private --kill-child=KILL \
	bash -c "$(declare -p hierarchies); inner \"\$@\"" nspawn-inner "$@" &
child=$!
trap 'kill -9 $child; wait $child; exit 1' INT TERM
wait $child
