# shellcheck shell=bash
# packages.sh: Debian packages of any release and architecture, unpacked into a cache. To be sourced by bash.
# Nothing is installed and nothing of the host's apt is touched; no root needed. Downloads come from the mirror that the
# host's own apt uses, or from DEBIAN_MIRROR (a URL). Needs apt, dpkg and the keys of package debian-archive-keyring.
# shellcheck disable=SC2034 # used by those who source this file
cache=${IMON_CACHE:-$HOME/.cache/imon-test}/qemu
host_arch=$(dpkg --print-architecture) || exit 2
# shellcheck source=/dev/null
host_suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
tools=$cache/tools-$host_suite
mkdir -p "$cache" && cache=$(cd "$cache" && pwd) || exit 2

# locked COMMAND...: one at a time in this cache.
locked() {
	local lock
	exec {lock}>"$cache/lock" && flock "$lock" || return
	"$@"
	local status=$?
	exec {lock}>&-
	return "$status"
}

mirror() {
	[ -z "${DEBIAN_MIRROR:-}" ] || { echo "$DEBIAN_MIRROR"; return; }
	# shellcheck disable=SC2016 # apt's variables, not ours
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$host_suite" '$1 == suite && $2 == "main" && $3 !~ /security/ { print $3; exit }'
}

# apt_for SUITE ARCH [STATUS] sets "apt" to the options of an apt of its own, and reads the lists once. STATUS says what
# is installed (the host's dpkg, for its tools); without it nothing is.
apt_for() {
	local state=$cache/apt/$1-$2 from
	from=$(mirror)
	[ -n "$from" ] || { echo "no Debian mirror known: set DEBIAN_MIRROR" >&2; return 1; }
	mkdir -p "$state"/{lists,cache/archives}/partial
	: >>"$state/none"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $1 main" >"$state/sources.list"
	apt=(-qq -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Languages=none
		-o APT::Architecture="$2" -o APT::Architectures="$2" -o Dir::State="$state" -o Dir::State::lists="$state/lists"
		-o Dir::State::status="${3:-$state/none}" -o Dir::Cache="$state/cache" -o Dir::Etc::sourcelist="$state/sources.list"
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null)
	[ -e "$state/updated" ] || apt_update "$1" "$2"
}

apt_update() { apt-get "${apt[@]}" update && touch "$cache/apt/$1-$2/updated"; }

# twice SUITE ARCH COMMAND...: once more with fresh lists when a package is not there any more.
twice() { "${@:3}" 2>/dev/null || { apt_update "$1" "$2" && "${@:3}"; }; }

# unpack SUITE ARCH PACKAGE DIR unpacks one package, without those it depends on.
unpack() {
	[ -e "$4.ok" ] && return
	apt_for "$1" "$2" && rm -rf "$4" && mkdir -p "$4" &&
		(cd "$4" && twice "$1" "$2" apt-get "${apt[@]}" download "$3" && dpkg -x ./*.deb . && rm -f ./*.deb) && touch "$4.ok"
}

# unpack_tool PACKAGE unpacks a package for the host, and what it depends on as far as the host does not have it.
unpack_tool() {
	[ -e "$tools/$1.ok" ] && return
	mkdir -p "$tools/debs/partial"
	apt_for "$host_suite" "$host_arch" /var/lib/dpkg/status && twice "$host_suite" "$host_arch" \
		apt-get "${apt[@]}" -y --download-only --no-install-recommends -o Dir::Cache::archives="$tools/debs" install "$1" || return
	local deb
	for deb in "$tools"/debs/*.deb; do dpkg -x "$deb" "$tools" || return; done
	rm -f "$tools"/debs/*.deb
	touch "$tools/$1.ok"
}

# tool PACKAGE COMMAND [ARGUMENT...] sets "run" to how COMMAND is called: the host's own, else the cache's.
tool() {
	if command -v "$2" >/dev/null; then run=("${@:2}"); return; fi
	locked unpack_tool "$1" || { echo "cannot unpack $1" >&2; return 1; }
	local library command
	library=$tools/usr/lib/$(uname -m)-linux-gnu
	command=$(find "$tools/usr/bin" "$tools/usr/sbin" "$tools/bin" "$tools/sbin" -name "$2" 2>/dev/null | head -n 1)
	[ -n "$command" ] || { echo "no $2 in $1" >&2; return 1; }
	run=(env "LD_LIBRARY_PATH=$library:$library/pulseaudio:$tools/lib/$(uname -m)-linux-gnu" "$command" "${@:3}")
}
