#!/bin/sh
# selftest.sh: what imon has to show on an emulated machine. Runs as root under busybox in a guest of qemu-smoke.sh, with
# "peer" (internal/lab/peer) and "settings" beside it. Prints a line "ok …" or "FAILED …" for each check, "@@FIGURE name
# value" for what was measured, and ends with the number of failures as exit code.
# It waits for conditions, each for WAIT seconds at most.
# shellcheck disable=SC2317 # functions are called by name
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
		  "ddns": {"enable": true, "interval": 1, "providers": "$3"},
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

# gap: cuts eth0 and measures from the loss of the carrier to the new default route, in hundredths of a second.
gap() {
	cut 0
	end=$(($(seconds) + WAIT)) lost=''
	while hundredths && [ "${up%.*}" -lt $end ]; do
		read -r carrier </sys/class/net/eth0/carrier
		[ -n "$lost" ] || [ "$carrier" = 1 ] || lost=$now
		default_route
		[ "$way" != eth1 ] || break
	done
	within "cut cable: the default route moves to eth1" way_is eth1
	[ -z "$lost" ] || figure gap_ms $(((now - lost) * 10))
}

# ---- the run
cat >/run/action <<'END'
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

version=$(imon --version)
verify "imon --version (says $version)" [ "$version" = "${VERSION:-$version}" ]
configure /run/action 127.0.0.1 http://ip.imon.test/
imon check >/run/check 2>&1
code=$?
verify "imon check: exit code 0 (is $code)" [ $code = 0 ]
[ $code = 0 ] || tail -n 5 /run/check

start
within "ping: answers of a host by its name, in a sane time" sane
within "ddns: the address is told to the action" called '^main 0 ddns-ip-update 93.184.215.14 unknown$'
within "failover: both uplinks online at the start" called '^main 0 failover-initial :Standby:eth1:10.9.1.2 online$'
within "failover: the action is told of the primary" called '^main 0 failover-primary :Primary:eth0:10.9.0.2$'
within "failover: one default route, by eth0, metric 201" way_is eth0
origin=$settings
[ "$CONFIG" = json ] || origin=/etc/config/imon
verify "the configuration is read from $origin" logged "Configuration file .*$origin"
mark
verify "no default route of another protocol than 105" sh -c '! ip route del default via 10.9.0.1 dev eth0 metric 201 proto 104 2>/dev/null'
verify "the default route is of protocol 105" ip route del default via 10.9.0.1 dev eth0 metric 201 proto 105
within "a removed default route is put back" way_is eth0
within "… and that is logged" logged "had been removed; put back"
echo 93.184.215.15 >$address
within "ddns: a change is told" called '^main 0 ddns-ip-update 93.184.215.15 93.184.215.14$'

mark
gap
within "failover: the action is told of the standby" called '^main 0 failover-standby :Standby:eth1:10.9.1.2$'
within "updown: offline is refuted by DNS" logged "Offline of gw.imon.test refuted by DNS query of 'gw.imon.test' on DNS server '127.0.0.1'"
mark
join 0
within "cable back: the default route is back on eth0" way_is eth0
within "failover: the action is told of the primary again" called '^main 0 failover-primary :Primary:eth0:10.9.0.2$'
within "failover: the outage's duration is logged" logged 'Primary Network Outage Duration: 0 days 0 hours, [0-9]* minutes [0-9]* seconds'

mark
configure /run/action '' http://ip.imon.test/
kill -HUP "$pid"
within "SIGHUP: a new configuration is in force" logged 'Configuration reloaded$'
verify "… in the same process, with the same route" way_is eth0
mark
cut 0
within "updown: without DNS the host is offline" called '^main 0 updown-offline gw.imon.test'
within "the default route is on eth1 again" way_is eth1
sleep 2 # the outage has a duration
mark
join 0
within "updown: online again, with the outage's duration" lasted 90
within "… which is logged" logged 'updown\] Outage Duration: 0 days 0 hours, [0-9]* minutes [0-9]* seconds'
within "the default route is on eth0 again" way_is eth0
status_of RssAnon && figure action_anon_kb "$value"
stop

# From here on without an action: a program started each second would be the larger part of what is measured.
mark
configure '' 127.0.0.1 http://ip.imon.test/
start
within "a second start takes the route over" logged 'Network Failover Primary Route .* is active'
within "all monitors are at work" logged 'Ping Result: .*State:True'
ticks && used=$value
wakes=$(switches)
read -r _ _ _ _ pids </proc/loadavg
sleep "$IDLE"
read -r _ _ _ _ pids_after </proc/loadavg
ticks && figure cpu_percent "$(awk -v t=$((value - used)) -v s="$IDLE" 'BEGIN { printf "%.1f", t / s }')"
figure wakeups_per_s $((($(switches) - wakes) / IDLE))
figure started_programs $((pids_after - pids - 1)) # but for sleep
for name in VmRSS RssAnon RssFile RssShmem VmHWM Threads; do status_of $name && figure $name "$value"; done
status_of RssAnon
[ -z "$MAX_ANON" ] || verify "RssAnon after $IDLE s at most $MAX_ANON kB (is $value)" [ "$value" -le "$MAX_ANON" ]

# TLS, the most expensive thing that imon does.
mark
configure '' 127.0.0.1 https://ip.imon.test/
echo 5 >/proc/"$pid"/clear_refs # VmHWM begins anew
kill -HUP "$pid"
within "SIGHUP: the provider has TLS now" logged 'Configuration reloaded$'
echo 93.184.215.16 >$address
within "ddns: an address by TLS" logged 'External IP Address changed from .* to 93.184.215.16'
peak=0 end=$(($(seconds) + IDLE))
ticks && used=$value
while hundredths && [ "${up%.*}" -lt $end ]; do
	status_of RssAnon
	[ "$value" -le "$peak" ] || peak=$value
	usleep 20000
done
figure tls_anon_kb "$peak"
status_of VmHWM && figure tls_hwm_kb "$value"
ticks && figure tls_cpu_percent "$(awk -v t=$((value - used)) -v s="$IDLE" 'BEGIN { printf "%.1f", t / s }')"
stop
kill $helper
figure passed $passed
figure failed $failed
echo "$passed passed, $failed failed"
exit $((failed < 100 ? failed : 100))
