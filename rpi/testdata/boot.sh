#!/bin/bash
# Runs as root in the container that scripts/nspawn-test.sh boots, with the packages
# beside it: imon_3.0.0 and imon_3.0.1. Prints "ok NAME" or "FAIL NAME" for each case,
# with what was seen below it, and "figure ..." lines.
set -u
cd /t || exit 1
arch=$(dpkg --print-architecture)
failed=0

# passes NAME COMMAND... is one case: it holds when the command succeeds.
passes() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then echo "ok $name"; else
		failed=1
		echo "FAIL $name"
		echo "$out" | tail -n "${SHOW:-25}" | sed 's/^/    /'
	fi
}
refuses() { ! "$@"; }
# await SECONDS COMMAND... repeats the command until it succeeds. The machine may be
# a busy one, which is why it may take four times as long.
await() {
	local end=$((SECONDS + 4 * $1)) last
	shift
	until last=$("$@" 2>&1); do
		[ $SECONDS -lt $end ] || { echo "not within the time: $*"; echo "$last" | tail -n 15; return 1; }
		sleep 0.05
	done
}
is() { [ "$1" = "$2" ] || { echo "is '$1', want '$2'"; return 1; }; }
active() { is "$(systemctl is-active "imon@$1")" active; }
property() { systemctl show -p "$2" --value "imon@$1"; }
pid() { property "$1" MainPID; }
journal() { journalctl --no-pager -o cat -u "imon@$1" "${@:2}"; }
# logs INSTANCE TEXT: the journal of the unit has that text in a line of ident imon.
logs() { journal "$1" -t imon | grep -F -e "$2" || { journal "$1"; return 1; }; }
another() { local now; now=$(pid "$1"); [ "$now" != 0 ] && [ "$now" != "$2" ] && active "$1"; }
# socket FILE USER: it belongs to that user number and lets nobody else in.
socket() { [ -S "$1" ] && is "$(stat -L -c '%a %u' "$1")" "660 $2"; }
# says TEXT COMMAND...: what the command prints has that text.
says() { local out; out=$("${@:2}" 2>&1); grep -F -e "$1" <<<"$out" || { echo "$out"; return 1; }; }
nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
gone() { is "$(systemctl is-active "imon@$1")" "${2:-inactive}"; }
write() { cat >"/etc/default/imon-$1"; }
# tracked: connection tracking has a flow from the primary's address.
tracked() { conntrack -L 2>&1 | tee /tmp/flows | grep 'src=10.0.1.2 dst=192.0.2.1' || { cat /tmp/flows; return 1; }; }
# fast INSTANCE [LINE...] is a drop-in for tests.
fast() {
	mkdir -p "/etc/systemd/system/imon@$1.service.d"
	printf '%s\n' '[Service]' 'RestartSec=100ms' "${@:2}" >"/etc/systemd/system/imon@$1.service.d/test.conf"
	systemctl daemon-reload
}
install() { apt-get install -y --allow-downgrades "$@" 2>&1 | tr -d '\r'; return "${PIPESTATUS[0]}"; }
# route VIA: the default route goes there.
route() { ip route show default table main | grep -F "via $1" || { ip route; return 1; }; }
leftovers() {
	find / -xdev \( -path /proc -o -path /t -o -path /var/log -o -path /var/cache \) -prune -o -name '*imon*' -print |
		grep -v -e '/python3' -e '^/sys/'
	ls -d /etc/systemd/system/*.wants/imon@* 2>/dev/null
}

echo "# two uplinks: eth1 and eth2, each with a gateway in a namespace of its own"
for i in 1 2; do
	ip netns add isp$i
	ip link add eth$i type veth peer name peer netns isp$i
	ip addr add 10.0.$i.2/24 dev eth$i
	ip link set eth$i up
	ip -n isp$i addr add 10.0.$i.1/24 dev peer
	ip -n isp$i addr add 192.0.2.1/32 dev peer
	ip -n isp$i link set peer up
	ip -n isp$i link set lo up
done

echo "# install"
passes "apt installs the package" install ./imon_3.0.0_"$arch".deb
passes "the version" is "$(/usr/bin/imon --version)" 3.0.0
passes "no service runs" is "$(systemctl list-units --all --no-legend 'imon@*')" ""
passes "no service is enabled" is "$(compgen -G '/etc/systemd/system/*.wants/imon*')" ""
passes "the unit is disabled" is "$(systemctl list-unit-files --no-legend 'imon@*' | awk '{ print $1, $2 }')" "imon@.service disabled"
passes "systemd finds no fault in the unit" is "$(systemd-analyze verify imon@main.service 2>&1 | grep -i -e imon | grep -v -e 'Failed to open /dev/tty' -e 'man ')" ""
passes "no configuration came along" is "$(compgen -G '/etc/default/*imon*')" ""
passes "without a configuration it does not start" refuses systemctl start imon@main
passes "and is not repeated" is "$(systemctl is-active imon@main) $(property main Result)" "failed exit-code"
passes "and says why" grep -F "? Instance configuration file 'main' not found" <(journal main)
systemctl reset-failed

echo "# configure, enable two instances"
passes "imon-configure sets" imon-configure --set updown.enable=true --set updown.interval=1 --set updown.monitorip=10.0.1.1 \
	--set ping.enable=true --set ping.interval=1 --set ping.monitorip=127.0.0.1
passes "its file is for everybody" is "$(stat -c %a /etc/default/imon-main)" 644
passes "imon-configure asks" grep -F "Wrote '/etc/default/imon-asked'" <(printf 'asked\n\n\nn\nn\nn\ny\n\n\n\n127.0.0.1\ny\n' | imon-configure)
passes "what it wrote is right" imon check --instance asked
rm /etc/default/imon-asked
passes "imon-configure refuses" refuses imon-configure --set updown.interval=soon
write two-b.c@d <<END
{ "updown": { "enable": true, "monitorip": "127.0.0.1" } }
END
passes "enable --now" systemctl enable --now imon@main imon@two-b.c@d
passes "main is active" await 10 active main
passes "two-b.c@d is active" await 10 active two-b.c@d
for line in '[main] Starting' '[main] Version V3.0.0' '[main] Command line: /usr/bin/imon --instance main' \
	'[main] Configuration file /etc/default/imon-main' '[main] ** [global] **' '[main]     action-timeout    60' \
	'[main-updown] Start Updown Monitor for IP Address 10.0.1.1' '[main-ping] Start Ping Monitor' \
	'[main-ping] Ping Result: IP:127.0.0.1 State:True minrtt:'; do
	passes "journal: $line" await 10 logs main "$line"
done
passes "journal: one monitor has no name" await 10 logs two-b.c@d '[two-b.c@d] Start Updown Monitor for IP Address 127.0.0.1'
passes "journalctl | grep imon" grep -E ' imon(\[[0-9]+\])?: imon \[main\] Starting' <(journalctl -b --no-pager)
passes "systemctl status tells the monitors" is "$(property main StatusText)" "Running: updown, ping"
for i in main two-b.c@d; do
	passes "$i has a socket for root" await 10 socket "/run/imon/$i.sock" 0
done
passes "imon failover asks there" says "? Instance 'main': the failover monitor is not enabled" imon failover
passes "nobody may not" says "? Only root may ask imon: sudo imon failover" nobody imon failover
ip -n isp1 link set peer down
passes "journal: offline" await 10 logs main '[main-updown] Monitored IP 10.0.1.1 offline'
ip -n isp1 link set peer up
passes "journal: online" await 10 logs main '[main-updown] Monitored IP 10.0.1.1 online'

echo "# it comes back"
old=$(pid main)
kill -9 "$old"
passes "killed by -9, it is back" await 15 another main "$old"
passes "and answers" await 10 says "? Instance 'main': the failover monitor is not enabled" imon failover
fast two-b.c@d
old=$(pid two-b.c@d)
kill -ABRT "$old"
passes "a crash, status 2, is repeated" await 10 another two-b.c@d "$old"
passes "with its trace in the journal" grep -F goroutine <(journal two-b.c@d)
fast main WatchdogSec=2
systemctl restart imon@main
old=$(pid main)
kill -STOP "$old"
passes "the watchdog restarts a process that hangs" await 20 another main "$old"
passes "and says so" grep -iF "watchdog timeout" <(journal main)
passes "a process that does not hang is left alone" is "$(property two-b.c@d NRestarts)" 1
fast main
systemctl restart imon@main

echo "# reload"
await 10 logs main 'Start Ping Monitor' >/dev/null
old=$(pid main)
sed 's/"interval": 1\(.0\)*,/"interval": "soon",/' /etc/default/imon-main >/tmp/faulty
cp /etc/default/imon-main /tmp/right
cp /tmp/faulty /etc/default/imon-main
passes "reload of a faulty configuration fails" refuses systemctl reload imon@main
passes "the old process goes on" is "$(systemctl is-active imon@main) $(pid main)" "active $old"
passes "the journal has the fault" grep -F "? Invalid value 'soon' for interval" <(journal main)
sed 's/"interval": 1\(.0\)*,/"interval": 2,/' /tmp/right >/etc/default/imon-main
passes "reload of a right one" systemctl reload imon@main
passes "it is read" await 10 logs main '    interval          2'
passes "by the same process" is "$(systemctl is-active imon@main) $(pid main)" "active $old"

echo "# an action script as root writes it"
cat >/etc/systemd/system/probe.service <<END
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'echo \$\$\$\$ >/run/probe'
END
mkdir -p /usr/local/lib
cp /usr/bin/id /usr/local/lib/sgid-id
chgrp mail /usr/local/lib/sgid-id
chmod 2755 /usr/local/lib/sgid-id
cat >/usr/local/bin/imon-action <<'END'
#!/bin/sh
[ "$3" = updown-offline ] || exit 0
{
	mkdir -p /usr/local/etc && echo "lastip=$4" >/usr/local/etc/imon.lastaddress && echo "wrote /usr/local/etc"
	systemctl restart probe.service && echo "restarted a service"
	mkdir -p "$HOME/.config" && echo x >"$HOME/.config/seen" && echo "wrote $HOME/.config"
	echo 1 >/proc/sys/net/ipv4/ip_forward && echo "set a sysctl"
	echo x >/tmp/seen && echo "wrote /tmp"
	echo x >/var/tmp/seen && echo "wrote /var"
	echo x >/etc/seen && echo "wrote /etc"
	runuser -u nobody -- id -un | grep -q nobody && echo "became nobody"
	setpriv --reuid=nobody --regid=nogroup --clear-groups /usr/local/lib/sgid-id -gn | grep -q mail && echo "set-gid program"
	ip link set eth2 down && ip link set eth2 up && echo "set a link"
	[ -c /dev/null ] && [ -e /dev/tty ] && echo "devices"
	grep -qs systemd-journal /proc/[0-9]*/comm && echo "sees processes"
	dd if=/dev/zero of=/usr/bin/new count=1 2>/dev/null || echo "no writing to /usr"
	mount -t tmpfs none /mnt 2>/dev/null || echo "no mounting"
	unshare -n true 2>/dev/null || echo "no namespaces"
	touch /var/tmp/suid && { chmod 4755 /var/tmp/suid 2>/dev/null || echo "no set-uid file"; }
} >/tmp/action.log 2>&1
touch /tmp/action.done
END
chmod 755 /usr/local/bin/imon-action
write act <<END
{ "global": { "action": "/usr/local/bin/imon-action" }, "updown": { "enable": true, "interval": 1, "monitorip": "10.0.1.1" } }
END
systemctl start probe.service
before=$(cat /run/probe)
passes "an instance with an action starts" systemctl start imon@act
await 10 logs act "Monitored IP 10.0.1.1 online" >/dev/null
ip -n isp1 link set peer down
passes "its action runs" await 15 test -e /tmp/action.done
for line in "wrote /usr/local/etc" "restarted a service" "wrote /root/.config" "set a sysctl" "wrote /tmp" "wrote /var" "wrote /etc" \
	"became nobody" "set-gid program" "set a link" devices "sees processes" "no writing to /usr" "no mounting" "no namespaces" "no set-uid file"; do
	passes "action: $line" grep -xF "$line" /tmp/action.log
done
passes "the service has another process" refuses is "$(cat /run/probe)" "$before"
passes "the sysctl is set" is "$(cat /proc/sys/net/ipv4/ip_forward)" 1
echo "figure imon@.service $(systemd-analyze security --no-pager imon@act.service | grep Overall)"
systemctl stop imon@act
ip -n isp1 link set peer up

echo "# upgrade"
write fo <<END
# edited by hand
{ "failover": { "enable": true, "interval": 0.5, "pingcount": 1, "prefer-primary": true,
  "primary-if": "eth1", "primary-gw": "10.0.1.1", "standby-if": "eth2", "standby-gw": "10.0.2.1" } }
END
systemctl enable --now imon@fo 2>/dev/null
passes "failover sets the default route" await 10 route "10.0.1.1 dev eth1"
await 10 logs fo 'Primary Route' >/dev/null
write idle <<END
{ "updown": { "enable": true, "monitorip": "127.0.0.1" } }
END
systemctl enable imon@idle 2>/dev/null
cp /tmp/faulty /etc/default/imon-main
sum=$(cat /etc/default/imon-* | sha256sum)
main=$(pid main) fo=$(pid fo) two=$(pid two-b.c@d)
ip -o monitor route >/tmp/monitor &
monitor=$!
await 5 test -e "/proc/$monitor/fd/1" >/dev/null
install ./imon_3.0.1_"$arch".deb >/tmp/upgrade
passes "the edited configurations are kept" is "$(cat /etc/default/imon-* | sha256sum)" "$sum"
passes "failover is restarted" await 10 another fo "$fo"
passes "two-b.c@d is restarted" await 10 another two-b.c@d "$two"
passes "with the new program" await 10 logs fo 'Version V3.0.1'
passes "one with a faulty configuration goes on" is "$(systemctl is-active imon@main) $(pid main)" "active $main"
passes "and apt says so" grep -F "instance main is not restarted" /tmp/upgrade
passes "with the fault" grep -F "? Invalid value 'soon' for interval" /tmp/upgrade
passes "one that did not run does not start" gone idle
await 10 logs fo 'Primary Network' >/dev/null
passes "the route is there" route "10.0.1.1 dev eth1"
kill "$monitor"
wait "$monitor" 2>/dev/null
passes "the default route was never gone" refuses grep -E '^Deleted default' <(grep -v ' table ' /tmp/monitor)
cp /tmp/right /etc/default/imon-main
passes "a mended one restarts" systemctl restart imon@main
passes "with the new program too" await 10 logs main 'Version V3.0.1'

echo "# hardened, with failover"
mkdir -p /etc/systemd/system/imon@fo.service.d
cp /usr/share/doc/imon/examples/hardened.conf /etc/systemd/system/imon@fo.service.d/
systemctl daemon-reload
write fo <<END
{ "failover": { "enable": true, "interval": 0.5, "pingcount": 1, "prefer-primary": true,
  "primary-if": "eth1", "primary-gw": "10.0.1.1", "standby-if": "eth2", "standby-gw": "10.0.2.1" },
  "updown": { "enable": true, "interval": 1, "monitorip": "10.0.2.1" },
  "ping": { "enable": true, "interval": 1, "monitorip": "10.0.2.1" },
  "ddns": { "enable": true, "interval": 1, "providers": ["http://10.0.2.1:8080/"] } }
END
nft -f - <<END
table ip t {
	chain out {
		type filter hook output priority 0
		ct state new accept
	}
}
END
nsenter --net=/run/netns/isp2 bash -c 'while :; do printf "HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\n11.2.3.4" | nc -N -l 10.0.2.1 8080 >/dev/null; done' &
web=$!
passes "the hardened instance starts" systemctl restart imon@fo
await 10 active fo >/dev/null
status=/proc/$(pid fo)/status
passes "it is not root" refuses is "$(awk '/^Uid/ { print $2 }' "$status")" 0
passes "it has two capabilities" is "$(awk '/^Cap(Eff|Bnd|Amb)/ { printf "%s ", $2 }' "$status")" "0000000000003000 0000000000003000 0000000000003000 "
passes "no new privileges, filtered" is "$(awk '/^(NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' "$status")" "1 2 "
passes "it logs to syslog" await 10 logs fo '[fo-failover] Start Network Failover Monitor'
passes "hardened: failover adopts the route" await 10 logs fo 'Primary Network'
passes "hardened: updown" await 10 logs fo "Monitored IP 10.0.2.1 online"
passes "hardened: ping" await 10 logs fo "[fo-ping] Ping Result: IP:10.0.2.1 State:True"
passes "hardened: ddns" await 20 logs fo "[fo-ddns] External IP Address changed from unknown to 11.2.3.4"
passes "hardened: reload" systemctl reload imon@fo
sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600 2>/dev/null || echo 600 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
passes "hardened: the socket is its own" await 10 socket /run/imon/fo.sock "$(awk '/^Uid/ { print $2 }' "$status")"
passes "hardened: and root asks" await 10 says "Active: primary 'eth1'" imon failover --instance fo
passes "hardened: and nobody else" says "? Only root may ask imon: " nobody imon failover --instance fo
passes "hardened: the others keep theirs" socket /run/imon/main.sock 0
passes "route by the primary" await 10 route "10.0.1.1 dev eth1"
echo x >/dev/udp/192.0.2.1/9
passes "a flow by the primary is tracked" await 5 tracked
ip link set eth1 down
passes "hardened: failover switches" await 10 route "10.0.2.1 dev eth2"
passes "hardened: and says so" await 10 logs fo "Network Failover Standby Route 'eth2' is active"
passes "hardened: flows of the primary are off connection tracking" await 10 refuses tracked
passes "hardened: nothing was refused" refuses grep -iE 'not permitted|permission|denied' <(journal fo -t imon)
ip link set eth1 up
passes "hardened: failback" await 10 logs fo "Network Failover to Primary Network 'eth1'"
echo "figure hardened.conf $(systemd-analyze security --no-pager imon@fo.service | grep Overall)"
kill "$web"

echo "# the scripts again, and without systemd"
for i in 1 2; do passes "postinst, time $i" /var/lib/dpkg/info/imon.postinst configure 3.0.1; done
await 10 active fo >/dev/null
old=$(pid fo)
passes "without systemd the package installs" unshare -m sh -c "mount -t tmpfs none /run/systemd && dpkg -i ./imon_3.0.1_$arch.deb"
passes "without systemd it is removed" unshare -m sh -c "mount -t tmpfs none /run/systemd && dpkg -r imon"
passes "and what ran was left alone" is "$(pid fo)" "$old"
install ./imon_3.0.1_"$arch".deb >/dev/null

echo "# remove, purge"
passes "remove" apt-get remove -y imon
for i in main two-b.c@d fo; do passes "$i has ended" await 5 refuses active "$i"; done
passes "no process is left" refuses grep -sx imon /proc/[0-9]*/comm
passes "the default route stays" route 10.0
passes "configurations stay" test -f /etc/default/imon-main
touch /etc/default/imon-main~ "/etc/default/imon-main.20261125-1"
rm -f /usr/local/bin/imon-action
mkdir -p /var/lib/imon
rm -rf /etc/systemd/system/imon@*.service.d
passes "purge" apt-get purge -y imon
rm -f /usr/local/etc/imon.lastaddress
passes "nothing is left" is "$(leftovers)$(compgen -G '/run/imon*')" ""
systemctl reset-failed

echo "# over the Python imon, here a stand-in of the same name, place and unit"
cat >/usr/local/bin/imon <<'END'
#!/bin/bash
trap 'exit 0' TERM
while :; do sleep 0.1; done
END
cp /usr/local/bin/imon /usr/local/bin/imon-configure
chmod 755 /usr/local/bin/imon*
cat >/etc/systemd/system/imon@.service <<'END'
[Unit]
Description=imon Internet Monitor for instance %I
[Service]
ExecStart=/bin/bash /usr/local/bin/imon --instance %I
User=root
Restart=on-failure
[Install]
WantedBy=multi-user.target
END
write main <<END
{ "updown": { "enable": true, "monitorip": "127.0.0.1" } }
END
ip route replace default via 10.0.2.1 metric 201
systemctl daemon-reload
cp /etc/default/imon-main /etc/default/imon-my-net
systemctl enable --now imon@main 'imon@my\x2dnet' 2>/dev/null
old=$(pid main)
install ./imon_3.0.0_"$arch".deb >/tmp/over
passes "the old one goes on" is "$(systemctl is-active imon@main) $(pid main)" "active $old"
passes "the old unit is named" grep -F "/etc/systemd/system/imon@.service is used in place of /usr/lib/systemd/system/imon@.service" /tmp/over
passes "the old program is named" grep -F "/usr/local/bin/imon is found before /usr/bin/imon" /tmp/over
passes "the old dialogue is named" grep -F "/usr/local/bin/imon-configure is found before /usr/bin/imon-configure" /tmp/over
passes "what runs is named" grep -F "instance main runs it: /bin/bash /usr/local/bin/imon --instance main" /tmp/over
install ./imon_3.0.1_"$arch".deb >/tmp/over
passes "an upgrade leaves the old one alone" is "$(systemctl is-active imon@main) $(pid main)" "active $old"
apt-get purge -y imon >/tmp/purged 2>&1
passes "purge leaves the old one its things" test -f /etc/default/imon-main -a -L /etc/systemd/system/multi-user.target.wants/imon@main.service
passes "and leaves it running" is "$(systemctl is-active imon@main) $(pid main)" "active $old"
install ./imon_3.0.1_"$arch".deb >/tmp/over
sed -n 's/^imon:   sudo //p' /tmp/over >/tmp/commands
passes "the commands that were printed work" bash -e /tmp/commands
passes "then this imon runs" await 10 logs main 'Version V3.0.1'
passes "my-net too, by its plain name" await 10 logs my-net 'Version V3.0.1'
passes "and the old name is off" gone 'my\x2dnet'
passes "the plain name is enabled" is "$(compgen -G '/etc/systemd/system/*.wants/imon@my*')" /etc/systemd/system/multi-user.target.wants/imon@my-net.service
passes "and is enabled" is "$(readlink -f /etc/systemd/system/multi-user.target.wants/imon@main.service)" "/usr/lib/systemd/system/imon@.service"
passes "the default route was never touched" route "10.0.2.1 dev eth2 metric 201"
install --reinstall ./imon_3.0.1_"$arch".deb >/tmp/over
passes "nothing is in the way any more" refuses grep "earlier imon" /tmp/over

rm -rf /usr/local/lib/sgid-id
echo "# done"
exit $failed
