# Runs inside an OpenWrt root file system with ubusd, logd and procd running, and
# the package as /root/imon.ipk. What it prints is compared with procd.txt.
exec 2>&1
say() { echo "== $*"; }
short() { sed 's/ (.*//'; } # without where and why
state() { service imon status; echo "status $?"; }
pid() { ubus call service list '{"name":"imon"}' | jsonfilter -e "@.imon.instances.$1.pid"; }
keep() { main=$(pid main) two=$(pid two); }
same() { [ -n "$(pid "$1")" ] && [ "$(pid "$1")" = "$(eval echo \$"$1")" ] && echo "$1 is the same process" || echo "$1 is another process"; }
await() { # until the command succeeds, 10 s at most
	n=0
	until eval "$1" >/dev/null; do
		n=$((n + 1))
		[ $n -lt 100 ] || { echo "never: $1"; return; }
		sleep 0.1
	done
}
seen() { await "logread | sed -n '/ $mark\$/,\$p' | grep -qF '$1'"; echo "logged: $1"; }
mark() { mark=mark$1; logger "$mark"; }
ping() { uci set "imon.$1=instance"; uci set "imon.$1.enabled=1"; uci set "imon.$1.ping_enable=1"; uci set "imon.$1.ping_monitorip=127.0.0.1"; }

say installed by opkg, nothing runs
opkg install /root/imon.ipk | grep -v '^$'
ls /etc/rc.d
state
ubus call service validate '{"package":"imon"}' | grep -E '"(enabled|failover_primary_gw)"' | tr -d '\t'

say start
ping main
uci commit imon
mark 1
service imon start
seen '[main] Start Ping Monitor'
state
tr '\0' '\n' <"/proc/$(pid main)/environ" | grep ^GO | sort

say second instance
ping two
uci commit imon
keep
service imon reload
seen '[two] Start Ping Monitor'
same main
state
await "ubus list imon.two"
ubus list 'imon.*'

say a fault in one, a change in the other
keep
uci set imon.main.ping_interval=abc
uci set imon.two.ping_interval=3
uci commit imon
mark 2
service imon reload 2>&1 | short
seen '[two] Configuration reloaded'
seen 'daemon.err imon: [main] ? Invalid value'
logread | sed -n "/ $mark$/,\$p" | grep -c '\[main\] Configuration'
same main
same two

say restart is refused, start changes nothing
service imon restart 2>&1 | short
service imon start 2>&1 | short
same main
same two

say mended
uci set imon.main.ping_interval=2
uci commit imon
mark 3
service imon reload
seen '[main] Configuration reloaded'
same main

say killed, then started again
keep
kill -9 "$main" "$two"
await '[ -z "$(pid main)$(pid two)" ]'
state
await '[ -n "$(pid main)" ] && [ -n "$(pid two)" ]'
same main
state

say disabled by reload_config
reload_config
uci set imon.two.enabled=0
uci commit imon
keep
reload_config
await '[ -z "$(pid two)" ]'
same main
state

say a file that cannot be read
cp /etc/config/imon /tmp/good
echo "config 'x" >>/etc/config/imon
for what in reload start restart; do
	service imon $what 2>&1 | short
done
same main
cp /tmp/good /etc/config/imon

say stop
date +%s >/tmp/t0
service imon stop
await '[ -z "$(pidof imon)" ]'
[ $(($(date +%s) - $(cat /tmp/t0))) -le 5 ] && echo "within 5 s"
state

say a faulty one does not start
uci set imon.main.ping_interval=abc
uci commit imon
service imon start 2>&1 | short
state
service imon info | grep -A1 '"errors"' | short | tr -d '\t'
uci set imon.main.ping_interval=1
uci commit imon
mark 4
service imon reload
seen '[main] Start Ping Monitor'
state

say upgrade keeps the edited file and starts again
opkg install --force-reinstall /root/imon.ipk 2>&1 | grep -o 'placed at .*'
await '[ -n "$(pid main)" ]'
state
ls /etc/config
say remove
opkg remove imon | grep -v '^$'
await '[ -z "$(pidof imon)" ]'
ls /etc/rc.d /etc/init.d /etc/config
