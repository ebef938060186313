#!/bin/sh
# common.sh: what the tests of emulated machines share. Sourced by a test that runs as root under busybox in a guest of
# qemu-smoke.sh, with "peer" (internal/lab/peer) and "settings" beside it. A test prints a line "ok …" or "FAILED …" for each
# check, "@@FIGURE name value" for what was measured, and ends with the number of failures as exit code.
# It waits for conditions, each for WAIT seconds at most.
# shellcheck disable=SC2034,SC2317,SC2329 # variables and functions are used by those who source this file
set -u
cd /t || exit 1
CONFIG=json IDLE=10 MAX_ANON='' WAIT=60
# shellcheck source=/dev/null
[ ! -e settings ] || . ./settings
log=/var/log/messages actions=/run/actions address=/run/address settings=/etc/default/imon-main
failed=0 passed=0 log_from=1 actions_from=1 pid=''
: >$actions

# ---- saying how it is
ok() {
	passed=$((passed + 1))
	echo "ok      $1"
}
bad() {
	failed=$((failed + 1))
	echo "FAILED  $1"
	echo "-------- log, actions, routes"
	tail -n +"$log_from" "$log" | grep -v 'Ping Result' | tail -n 15
	tail -n 5 $actions
	ip route
	echo "--------"
}
figure() { echo "@@FIGURE $1 $2"; }

# verify TEXT COMMAND...: COMMAND is true.
verify() {
	text=$1
	shift
	if "$@"; then ok "$text"; else bad "$text"; fi
}

# within TEXT COMMAND...: COMMAND becomes true.
within() {
	text=$1 end=$(($(seconds) + WAIT))
	shift
	until "$@"; do
		[ "$(seconds)" -lt $end ] || { bad "$text" && return; }
		usleep 50000
	done
	ok "$text"
}

# ---- what can be seen
seconds() {
	read -r up _ </proc/uptime
	echo "${up%.*}"
}
hundredths() { # in "now", without starting a program
	read -r up _ </proc/uptime
	now=${up%.*}${up#*.}
}
mark() { # what is logged and what is called from now on
	log_from=$(($(wc -l <$log) + 1)) actions_from=$(($(wc -l <$actions) + 1))
}
logged() { tail -n +"$log_from" "$log" | grep -q -- "$1"; }
called() { tail -n +"$actions_from" "$actions" | grep -q -- "$1"; }

# default_route: the interface of the only IPv4 default route, in "way"; "none", or "several". Starts no program.
default_route() {
	way=none
	while read -r interface destination _ _ _ _ metric _; do
		[ "$destination" = 00000000 ] || continue
		[ "$way" = none ] && [ "$metric" = 201 ] && way=$interface || way=several
	done </proc/net/route
}
way_is() {
	default_route
	[ "$way" = "$1" ]
}

# status_of NAME: that field of /proc/PID/status, in "value". Starts no program.
status_of() {
	value=
	while read -r field rest; do
		[ "$field" = "$1:" ] && value=${rest%% *} && return
	done </proc/"$pid"/status
}
ticks() { # the hundredths of a second of processor time that imon has used, in "value"
	read -r line </proc/"$pid"/stat
	# shellcheck disable=SC2086 # fields
	set -- ${line##*) }
	value=$((${12} + ${13}))
}
switches() { # how often a thread of imon gave up the processor of its own accord
	cat /proc/"$pid"/task/*/status | awk '/^voluntary/ { n += $2 } END { print n }'
}

# ---- what can be done
cut() {
	if [ -e /run/peer.pid ]; then nsenter -t "$(cat /run/peer.pid)" -n ip link set "p$1" down; else echo "@@MON set_link n$1 off"; fi
}
join() {
	if [ -e /run/peer.pid ]; then nsenter -t "$(cat /run/peer.pid)" -n ip link set "p$1" up; else echo "@@MON set_link n$1 on"; fi
}

# configure ACTION DNSSERVER PROVIDER writes the configuration of all four monitors.
configure() {
	cat >$settings <<-END
		{
		  "global": {"action": "$1"},
		  "ddns": {"enable": true, "interval": 1, "lookup-interval": 1, "providers": "$3"},
		  "updown": {"enable": true, "interval": 1, "monitorip": "gw.imon.test", "addping": "10.9.1.1",
		    "dnsserver": "$2", "dnslookup": "gw.imon.test"},
		  "failover": {"enable": true, "interval": 1, "prefer-primary": true,
		    "primary-if": "eth0", "primary-gw": "10.9.0.1", "standby-if": "eth1", "standby-gw": "10.9.1.1"},
		  "ping": {"enable": true, "interval": 1, "monitorip": "gw.imon.test"}
		}
	END
	[ "$CONFIG" = uci ] || return
	imon convert --to uci >/run/uci && rm $settings && sed "s/^config instance.*/&\n\toption enabled '1'/" /run/uci >/etc/config/imon
}

start() { # away from the terminal, whose SIGHUP would mean the end
	imon >/run/output 2>&1 &
	pid=$!
}

# stop: SIGTERM ends it with exit code 0, and the default route stays.
stop() {
	default_route
	before=$way
	verify "it is still running, with nothing on its output" sh -c "kill -0 $pid && [ ! -s /run/output ]"
	kill "$pid"
	wait "$pid"
	code=$?
	verify "SIGTERM: exit code 0 (is $code)" [ $code = 0 ]
	verify "the default route stays (by $before)" way_is "$before"
}

# sane: the last ping-result is of a host that answered in a sane time.
sane() {
	grep ' ping-result ' "$actions" | tail -n 1 | awk '{ split($4, f, ":")
		exit !(f[1] == "gw.imon.test" && f[2] == "True" && 0 < f[3] && f[3] <= f[4] && f[4] <= f[5] && f[5] < 500 && f[6] == "0.0") }'
}

# lasted N: an outage of 1 to N seconds was logged and passed to the action for updown.
lasted() {
	tail -n +"$actions_from" "$actions" | awk -v max="$1" '$3 == "updown-online" { split($5, d, ":")
		good = d[1] == 0 && d[2] == 0 && d[3] * 60 + d[4] >= 1 && d[3] * 60 + d[4] <= max } END { exit !good }'
}

# prepare makes the action script, the name server and the web servers of the guest, in "helper".
prepare() {
	cat >/run/action <<-'END'
		#!/bin/sh
		echo "$*" >>/run/actions
	END
	chmod 755 /run/action
	echo 93.184.215.14 >$address
	./peer -dns 127.0.0.1:53 -http 127.0.0.1:80 -https 127.0.0.1:443 -body $address -ca /run/ca.pem -ready /run/ready \
		gw.imon.test=10.9.0.1 ip.imon.test=127.0.0.1 &
	helper=$!
	echo "nameserver 127.0.0.1" >/etc/resolv.conf
	within "the guest's name server and web servers listen" [ -e /run/ready ]
	mkdir -p /etc/ssl/certs
	cat /run/ca.pem roots.pem >/etc/ssl/certs/ca-certificates.crt 2>/dev/null
}

# finish ends the test with what it came to.
finish() {
	kill $helper
	figure passed $passed
	figure failed $failed
	echo "$passed passed, $failed failed"
	exit $((failed < 100 ? failed : 100))
}
