#!/bin/bash
# Runs as root in the container that scripts/nspawn-test.sh boots, with the program imon
# beside it, and the packages network-manager, dhcpcd-base and udhcpd. For each of
# NetworkManager, dhcpcd and systemd-networkd: it installs default routes, imon check says
# so, what it prints is done to the letter, the routes go and stay away over renewals of
# the lease, and imon check says no more. With a file "all" beside it, every setting that
# matters is tried. Prints "ok NAME" or "FAIL NAME" for each case.
set -u
cd /t || exit 1
failed=0

# passes NAME COMMAND... is one case: it holds when the command succeeds.
passes() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then echo "ok $name"; else
		failed=1
		echo "FAIL $name"
		echo "$out" | tail -n 40 | sed 's/^/    /'
	fi
}
# await SECONDS COMMAND... repeats the command until it succeeds; four times as long on a
# busy machine.
await() {
	local end=$((SECONDS + 4 * $1)) last
	shift
	until last=$("$@" 2>&1); do
		[ $SECONDS -lt $end ] || { echo "not within the time: $*"; echo "$last" | tail -n 15; return 1; }
		sleep 0.1
	done
}
defaults() { ip route show default | grep -c "dev $1"; }
# routes N1 N2: that many default routes by eth1 and eth2.
routes() { [ "$(defaults eth1) $(defaults eth2)" = "$1 $2" ] || { ip route; ip -br address; return 1; }; }
# advice is what imon check says between the settings and its last line.
advice() { ./imon check | sed -n '/^% /,$p' | grep -v '^The configuration is valid$'; }
# says TEXT...: imon check says each of that, and exits with 0.
says() {
	local out text
	out=$(./imon check) || { echo "exit code $?"; return 1; }
	for text; do grep -qF -e "$text" <<<"$out" || { echo "no '$text' in:"; echo "$out"; return 1; }; done
}
# silent: imon check says nothing.
silent() { [ -z "$(advice)" ] || { advice; return 1; }; }
# unsaid PROGRAM DEVICE: imon check says nothing of that program and device.
unsaid() { ! ./imon check | grep "^%.*$1.*$2"; }
# obey does what imon check prints, to the letter.
obey() {
	local line file=
	advice >/tmp/advice
	while IFS= read -r line; do
		case $line in
		'% '*'lines at the end of '*) file=${line##*lines at the end of } file=${file%% *} ;;
		'% '*) file= ;;
		'    '*) if [ -n "$file" ]; then echo "${line#    }" >>"$file"; else bash -c "${line#    }" || return 1; fi ;;
		esac
	done </tmp/advice
}
acks() { grep -c 'ending ACK' "/tmp/udhcpd$1.log"; }
# renewed N1 N2: there were more leases since, on both lines.
renewed() { [ "$(acks 1)" -gt "$1" ] && [ "$(acks 2)" -gt "$2" ]; }
stay_away() { await 30 renewed "$(acks 1)" "$(acks 2)" && sleep 1 && routes 0 0; }
# kept: both addresses, from before, are still there, and never went.
kept() { ! grep 'Deleted.*inet 192' /tmp/monitor; }

# more_networkmanager tries the settings of connections.
more_networkmanager() {
	passes 'NetworkManager: and when the connection goes up again' bash -c "nmcli connection down \"Bob's line\" && nmcli connection up \"Bob's line\""
	passes 'NetworkManager: still no route' routes 0 0
	nmcli connection modify "Bob's line" ipv4.method manual ipv4.addresses 192.168.41.9/24 ipv4.gateway 192.168.41.1 ipv4.never-default no
	nmcli connection up "Bob's line" >/dev/null
	passes 'NetworkManager: a fixed gateway counts' says "nmcli connection modify 'Bob'\\''s line' ipv4.never-default yes"
	passes 'NetworkManager: its commands work' obey
	passes 'NetworkManager: its route goes' await 10 routes 0 0
	passes 'NetworkManager: nothing more is said of it' silent
	nmcli connection modify "Bob's line" +ipv4.routes '0.0.0.0/0 192.168.41.1 300 onlink=true'
	nmcli connection up "Bob's line" >/dev/null
	passes 'NetworkManager: a default route that is listed is installed all the same' await 10 routes 1 0
	passes 'NetworkManager: it is told' says "nmcli connection modify 'Bob'\\''s line' -ipv4.routes '0.0.0.0/0 192.168.41.1 300 onlink=true'"
	passes 'NetworkManager: the command for it works' obey
	passes 'NetworkManager: that route goes' await 10 routes 0 0
	passes 'NetworkManager: nothing more is said after all' silent
	for case in 'ipv4.route-table 100' 'ipv4.route-table 0 ipv4.ignore-auto-routes yes' 'ipv4.ignore-auto-routes no ipv4.method shared' 'ipv4.method link-local' 'ipv4.method disabled'; do
		# shellcheck disable=SC2086
		nmcli connection modify "Bob's line" ipv4.method auto ipv4.gateway '' ipv4.addresses '' ipv4.never-default no $case
		nmcli connection up "Bob's line" >/dev/null 2>&1
		passes "NetworkManager: $case installs none" routes 0 0
		passes "NetworkManager: $case is let alone" unsaid NetworkManager eth1
	done
	nmcli connection modify "Bob's line" ipv4.route-table 0 ipv4.ignore-auto-routes no ipv4.method auto ipv4.never-default no
	nmcli device disconnect eth1 >/dev/null
	passes 'NetworkManager: a connection that is not active is told' says "NetworkManager's connection 'Bob'\\''s line', not active now, installs a default route of its own for eth1"
	passes 'NetworkManager: the command for it works in advance' obey
	passes 'NetworkManager: nothing is said of it then' unsaid NetworkManager eth1
	nmcli connection up "Bob's line" >/dev/null
	passes 'NetworkManager: no route when it goes up' routes 0 0
}
# each VERDICT OPTIONS: dhcpcd.conf with these options at its end.
each() {
	local want=$1
	fresh
	{ cat /tmp/dhcpcd.conf; printf '%b' "$2"; } >/etc/dhcpcd.conf
	dhcpcd -q -b >/dev/null 2>&1
	passes "dhcpcd: $2: eth2 is as always" await 20 routes "$want" 1
	if [ "$want" = 1 ]; then passes "dhcpcd: $2: is told" says 'dhcpcd installs a default route of its own for eth1'; else
		passes "dhcpcd: $2: is let alone" unsaid dhcpcd eth1
	fi
}
# more_dhcpcd tries options of dhcpcd.conf, and a dhcpcd of one device.
more_dhcpcd() {
	each 0 'nogateway\ninterface eth2\ngateway\n'
	each 0 'denyinterfaces wlan0,eth1 foo\n'
	each 0 'denyinterfaces eth[13]\n'
	each 0 'allowinterfaces eth2 lo\n'
	each 0 'interface eth1\nnooption routers\n'
	each 1 'interface eth1\nstatic ip_address=192.168.41.9/24\nstatic routers=192.168.41.1\n'
	each 0 'interface eth1\nstatic ip_address=192.168.41.9/24\n'
	each 0 'interface eth1\nstatic ip_address=192.168.41.9/24\nstatic routers=192.168.41.1\nnogateway\n'
	each 0 'interface eth1 # one\n\tnogateway # two\n'
	each 0 'interface eth1\nnoipv4\n'
	each 1 'interface eth1\nnogateway\ngateway\n'
	each 1 'interface eth2\ndenyinterfaces eth1\n'
	each 1 'interface eth3\nnogateway\n'
	fresh
	cp /tmp/dhcpcd.conf /etc/dhcpcd.conf
	for option in '' -4; do
		# shellcheck disable=SC2086
		dhcpcd $option -q eth1
		passes "dhcpcd $option for one device: it installs a default route" await 20 routes 1 0
		passes "dhcpcd $option for one device: the lines and commands work" obey
		passes "dhcpcd $option for one device: the route goes" await 20 routes 0 0
		passes "dhcpcd $option for one device: nothing more is said but of addresses" bash -c '! ./imon check | grep -i "default route"'
		# shellcheck disable=SC2086
		dhcpcd $option -x eth1 >/dev/null 2>&1
		await 10 bash -c '! pidof dhcpcd'
		cp /tmp/dhcpcd.conf /etc/dhcpcd.conf
	done
}
fresh() {
	dhcpcd -x >/dev/null 2>&1
	await 10 bash -c '! pidof dhcpcd'
	for i in 1 2; do ip address flush dev eth$i; ip route flush dev eth$i; done
	rm -f /var/lib/dhcpcd*/*.lease
}

echo "# two providers, whose leases of 20 seconds are renewed after 10"
ip netns add isp
for i in 1 2; do
	ip link add eth$i type veth peer name p$i netns isp
	ip link set eth$i up
	ip -n isp addr add 192.168.4$i.1/24 dev p$i
	ip -n isp link set p$i up
	cat >/tmp/udhcpd$i.conf <<-END
		start 192.168.4$i.100
		end 192.168.4$i.200
		interface p$i
		lease_file /tmp/leases$i
		pidfile /tmp/udhcpd$i.pid
		min_lease 5
		option lease 20
		option subnet 255.255.255.0
		option router 192.168.4$i.1
	END
	: >/tmp/leases$i
	ip netns exec isp udhcpd -f /tmp/udhcpd$i.conf >>/tmp/udhcpd$i.log 2>&1 &
done
cat >/etc/default/imon-main <<END
{ "failover": { "enable": true, "fall": 3, "primary-if": "eth1", "primary-gw": "192.168.41.1",
  "standby-if": "eth2", "standby-gw": "192.168.42.1" } }
END

echo "# NetworkManager"
passes 'NetworkManager: it installs two default routes' await 20 routes 1 1
one=$(nmcli -g GENERAL.CONNECTION device show eth1)
nmcli connection modify "$one" connection.id "Bob's line"
passes 'NetworkManager: both connections are named' says \
	"% NetworkManager installs a default route of its own for eth1 (connection 'Bob'\\''s line'), against imon's. These commands end that:" \
	"    nmcli connection modify 'Bob'\\''s line' ipv4.never-default yes" '    nmcli device reapply eth1' '    nmcli device reapply eth2'
passes 'NetworkManager: who is not root hears that it is not known, and what might help' bash -c \
	'setpriv --reuid 65534 --clear-groups ./imon check | grep "could not be determined: only root.*But there is one" -A 1 | grep "nmcli connection modify uuid [0-9a-f-]* ipv4.never-default yes"'
nmcli connection modify "Bob's line" ipv4.never-default yes
passes 'NetworkManager: what is saved but not in effect is told' says "has been told (connection 'Bob'\\''s line') to install no default route for eth1, but there is one"
ip monitor address >/tmp/monitor & monitor=$!
passes 'NetworkManager: the commands work' obey
passes 'NetworkManager: the routes go' await 10 routes 0 0
passes 'NetworkManager: the line is not cut' kept
kill $monitor
passes 'NetworkManager: nothing more is said' silent
passes 'NetworkManager: the routes stay away over renewals' stay_away
[ -e all ] && more_networkmanager
nmcli connection modify "Bob's line" ipv4.never-default no
nmcli device reapply eth1 >/dev/null
nmcli device set eth1 managed no
ip route flush default
passes 'NetworkManager: what it does not manage is let alone' silent
systemctl stop NetworkManager

echo "# dhcpcd $(dhcpcd --version | head -n 1)"
printf 'nodev\nnoarp\nnoipv4ll\n' >>/etc/dhcpcd.conf # no udev here; and no pauses
cp /etc/dhcpcd.conf /tmp/dhcpcd.conf
fresh
passes 'dhcpcd: not running, it is not spoken of' bash -c '! ./imon check | grep dhcpcd'
dhcpcd -q -b
passes 'dhcpcd: it installs two default routes' await 20 routes 1 1
passes 'dhcpcd: it is told of both' says "% dhcpcd installs a default route of its own for eth1, against imon's. These lines at the end of /etc/dhcpcd.conf end that:" \
	'    interface eth1' '    interface eth2' '    nogateway' '    dhcpcd -n'
printf 'interface eth2\nnogateway\n' >>/etc/dhcpcd.conf
passes 'dhcpcd: what is written but not in effect is told' says '/etc/dhcpcd.conf tells dhcpcd to install no default route for eth2, but there is one, perhaps'
passes 'dhcpcd: the lines and commands work' obey
passes 'dhcpcd: the routes go' await 20 routes 0 0
passes 'dhcpcd: the addresses come back' await 20 bash -c '[ "$(ip -4 -br address | grep -c 192.168.4)" = 2 ]'
passes 'dhcpcd: nothing more is said' silent
passes 'dhcpcd: the routes stay away over renewals' stay_away
[ -e all ] && more_dhcpcd
fresh

echo "# systemd-networkd"
unit=/etc/systemd/network/10-up.network
printf '[Match]\nName=eth1 eth2\n[Network]\nDHCP=yes\n' >$unit
systemctl start systemd-networkd
passes 'networkd: it installs two default routes' await 20 routes 1 1
passes 'networkd: it is told' says "% systemd-networkd installs a default route of its own for eth1, against imon's. These commands end that:" '    networkctl reload'
passes 'networkd: the commands work' obey
passes 'networkd: the routes go' await 20 routes 0 0
passes 'networkd: the addresses come back' await 20 bash -c '[ "$(ip -4 -br address | grep -c 192.168.4)" = 2 ]'
passes 'networkd: nothing more is said' silent
passes 'networkd: the routes stay away over renewals' stay_away
rm -r $unit.d
printf '[Match]\nName=eth1\n[Network]\nAddress=192.168.41.9/24\n[Route]\nGateway=192.168.41.1\n' >$unit
networkctl reload
passes 'networkd: a fixed gateway counts' await 20 says "It stands as Gateway= in $unit"
echo "# done"
exit $failed
