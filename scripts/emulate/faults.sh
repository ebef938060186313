#!/bin/sh
# faults.sh: what imon has to survive that can be tried on a machine of one's own only: clocks that are set and slewed, a
# real suspend, a connection tracking table that is full, little memory (common.sh tells how).
# shellcheck disable=SC2154,SC2317,SC2329 # what common.sh has
# shellcheck source-path=SCRIPTDIR source=common.sh
. /t/common.sh

year=31536000

# numbers NAME: the numbers of that name in JSON, one a line.
numbers() { grep -o "\"$1\": *-*[0-9]*" | sed 's/.*: *//'; }

# between LOW HIGH: there are numbers, and all are in that range.
between() { awk -v low="$1" -v high="$2" '{ n++; bad += $1 < low || $1 > high } END { exit !n || bad }'; }
ages_are_sane() { imon status --json | numbers age_seconds | between 0 "$(seconds)"; }
fresh() { tail -n +"$actions_from" "$actions" | grep -q ' ping-result gw.imon.test:True:'; }
reported() { imon report --since 366d --json | numbers seconds | between 0 180; }

# rounds: the rounds of all monitors since the start, in "value".
rounds() {
	value=$(imon status --json 2>/dev/null | numbers rounds | awk '{ n += $1 } END { print n + 0 }')
}

# steady TEXT: over ten seconds the monitors make as many rounds as at first, a fifth more or less: none waits, and none
# catches up.
usual=
steady() {
	rounds && made=$value
	hundredths && began=$now
	sleep 10
	rounds && made=$((value - made))
	hundredths && took=$((now - began))
	made=$((made * 1000 / took))
	verify "$1: rounds at their interval ($made in 10 s)" [ $((10 * made)) -ge $((8 * ${usual:=$made})) -a $((10 * made)) -le $((12 * usual)) ]
}

# calm TEXT: nothing was announced, and the default route is where it was.
calm() {
	verify "$1: nothing is announced" sh -c "! tail -n +$log_from $log | grep -E 'offline|online|is active|changed|removed'"
	verify "$1: nothing is told to the action" sh -c "! tail -n +$actions_from $actions | grep -v ' ping-result '"
	verify "$1: the default route is by eth0" way_is eth0
}

# set_clock SECONDS: sets the clock forward or back.
set_clock() { date -s "@$(($(date +%s) + $1))" >/dev/null; }

# step TEXT SECONDS: the clock is set while all is well.
step() {
	mark
	set_clock "$2"
	steady "$1"
	calm "$1"
	verify "$1: status says that all is online" imon status >/run/status
	verify "$1: ... for no longer than the machine is up" ages_are_sane
}

# outage TEXT COMMAND...: an outage during which COMMAND is run is as long as it was.
outage() {
	fault=$1
	shift
	mark
	cut 0
	within "$fault: the default route moves to eth1" way_is eth1
	within "$fault: updown's host is offline" called '^main 0 updown-offline gw.imon.test'
	sleep 2
	"$@"
	sleep 2
	join 0
	within "$fault: the default route is back on eth0" way_is eth0
	within "$fault: updown's outage lasted as long as it did" lasted 90
	verify "$fault: so says the log of the uplink" sh -c "tail -n +$log_from $log | grep -q 'Primary Network Outage Duration: 0 days 0 hours, [01] minutes'"
	verify "$fault: so says imon report" reported
}

# asleep SECONDS: a suspend to idle, which the real-time clock ends. What time of day it is the kernel learns then.
asleep() {
	echo 0 >/sys/class/rtc/rtc0/wakealarm
	echo "+$1" >/sys/class/rtc/rtc0/wakealarm
	echo freeze >/sys/power/state
}

# in_group MB starts imon in a control group with that much memory.
in_group() {
	mkdir -p /sys/fs/cgroup/imon$1
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	echo $(($1 << 20)) >/sys/fs/cgroup/imon$1/memory.max
	sh -c "echo \$\$ >/sys/fs/cgroup/imon$1/cgroup.procs; exec imon" >/run/output 2>&1 &
	pid=$!
}

# ---- the run
prepare
configure /run/action '' http://ip.imon.test/
start
within "failover: one default route, by eth0" way_is eth0
within "all monitors are at work" logged 'External IP Address changed from unknown'
within "ping: answers in a sane time" sane
steady "at first"

step "the clock is set forward by a year" $year
step "the clock is set back by two years" $((-2 * year))
set_clock $year
outage "the clock is set forward by a year in an outage" set_clock $year
outage "the clock is set back by a year in an outage" set_clock -$year

mark
stop
set_clock -$year
mark
start
within "a start with the clock a year back: the route is taken over" logged 'Network Failover Primary Route .* is active'
within "... and all monitors are at work" sane
verify "... and the outages of before are known" sh -c "imon report --since 366d --csv | grep -c '^[^,]*,updown,' | grep -qx 2"
verify "... and no file was set aside" sh -c "! ls /var/lib/imon | grep -v '^main\.'"
stop
now_is=$(date +%s)
date -s @100000 >/dev/null
mark
start
within "a start in 1970: all monitors are at work" fresh
sleep 3
step "the clock of 1970 is set" $((now_is - 100000))

mark
configure /run/action '' https://ip.imon.test/
kill -HUP "$pid"
within "ddns: the provider has TLS now" logged 'Configuration reloaded$'
echo 93.184.215.20 >$address
within "... and is asked" called 'ddns-ip-update 93.184.215.20'
if date -s '2101-01-01 00:00:00' >/dev/null 2>&1; then # its certificate ends in 2100; not with 32 bits for the time
	mark
	echo 93.184.215.21 >$address
	within "a certificate that is too old by the clock: imon says so" sh -c "imon ddns --json | grep -q 'expired or is not yet valid'"
	verify "... once" sh -c "[ \$(tail -n +$actions_from $actions | grep -vc ' ping-result ') = 1 ]"
	verify "... and the default route is by eth0" way_is eth0
	date -s "@$now_is" >/dev/null
	within "... and with the right date the new address is known" called 'ddns-ip-update 93.184.215.21 93.184.215.20'
fi
mark
configure /run/action '' http://ip.imon.test/
kill -HUP "$pid"
within "ddns: the provider has no TLS any more" logged 'Configuration reloaded$'

mark
adjtimex -q -t 11000 >/dev/null # ten percent fast, the most that the kernel takes
steady "the clock is slewed, ten percent fast"
adjtimex -q -t 9000 >/dev/null
steady "the clock is slewed, ten percent slow"
within "... and round-trip times are sane" sane
calm "the clock is slewed"
adjtimex -q -t 10000 >/dev/null

if grep -q freeze /sys/power/state 2>/dev/null && [ -e /sys/class/rtc/rtc0/wakealarm ]; then
	mark
	before=$(seconds)
	asleep 120
	slept=$(($(seconds) - before))
	verify "a suspend of two minutes ($slept s)" [ $slept -ge 100 ]
	steady "after the suspend"
	calm "after the suspend"
	outage "a suspend in an outage" asleep 60
else
	echo "no suspend: this kernel or machine has none"
fi
stop

if [ -e /proc/sys/net/netfilter/nf_conntrack_max ]; then
	mark
	start
	within "connections are tracked" sh -c "[ \$(cat /proc/sys/net/netfilter/nf_conntrack_count) -gt 3 ]"
	within "... and all is at work" fresh
	max=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
	mark
	echo 1 >/proc/sys/net/netfilter/nf_conntrack_max
	within "the table is full: packets are dropped" sh -c "dmesg | grep -q 'table full, dropping packet'"
	within "the table is full: the host is offline" logged 'offline'
	default_route
	verify "the table is full: there is one default route (by $way)" [ "$way" = eth0 -o "$way" = eth1 ]
	echo "$max" >/proc/sys/net/netfilter/nf_conntrack_max
	mark
	within "there is room again: the default route is by eth0" way_is eth0
	within "... and all is online" sh -c "imon status >/run/status"
	stop
else
	echo "no connection tracking: the module is not there"
fi

if grep -q memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
	configure /run/action '' https://ip.imon.test/
	for mb in 16 12; do
		mark
		in_group $mb
		within "in $mb MiB: all monitors are at work" fresh
		within "in $mb MiB: the address comes by TLS" logged 'External IP Address'
		cut 0
		within "in $mb MiB: the default route moves to eth1" way_is eth1
		join 0
		within "in $mb MiB: and back" way_is eth0
		steady "in $mb MiB"
		figure "peak_kb_of_$mb" $(($(cat /sys/fs/cgroup/imon$mb/memory.peak) / 1024))
		verify "in $mb MiB: nothing was killed for memory" grep -q '^oom_kill 0$' /sys/fs/cgroup/imon$mb/memory.events
		stop
	done
else
	echo "no memory control groups"
fi
finish
