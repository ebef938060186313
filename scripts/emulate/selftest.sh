#!/bin/sh
# selftest.sh: what imon has to show on an emulated machine (common.sh tells how).
# shellcheck disable=SC2154,SC2317,SC2329 # what common.sh has
# shellcheck source-path=SCRIPTDIR source=common.sh
. /t/common.sh

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
prepare

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
finish
