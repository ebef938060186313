#!/bin/sh
# tracker.sh DIR N OTHER INTERVAL DOWN UP  watches uplink N in the manner of
# mwan3track: so many lost pings in a row are down, so many answered ones are
# up. One process for each uplink; DIR/1 and DIR/2 hold what each has found.
dir=$1 n=$2 interval=$4 down=$5 up=$6
[ "$n" = 1 ] && dev=@IF1@ || dev=@IF2@

route() {
	read -r first <"$dir/1"
	read -r second <"$dir/2"
	if [ "$first" = up ] || [ "$second" = down ]; then
		ip route replace default via @GW1@ dev @IF1@ metric 201
	else
		ip route replace default via @GW2@ dev @IF2@ metric 201
	fi
}

state=up row=0
echo up >"$dir/$n"
[ -f "$dir/$3" ] || echo up >"$dir/$3"
while :; do
	now=down
	busybox ping -c 1 -W 1 -I "$dev" @TARGET@ >/dev/null 2>&1 && now=up
	if [ $now = $state ]; then
		row=0
	else
		row=$((row + 1))
		[ $now = down ] && need=$down || need=$up
		[ $row -ge "$need" ] && state=$now row=0 && echo $now >"$dir/$n"
	fi
	route 2>/dev/null
	busybox sleep "$interval"
done
