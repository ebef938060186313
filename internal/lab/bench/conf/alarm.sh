#!/bin/sh
# alarm.sh DIR N TARGET ALARM LATENCY DEVIATION LOSS  is called by dpinger when
# the alarm of uplink N begins (1) or ends (0), and sets the default route.
dir=$1
echo "$4" >"$dir/alarm$2"
first=$(cat "$dir/alarm1" 2>/dev/null) second=$(cat "$dir/alarm2" 2>/dev/null)
if [ "${first:-0}" = 0 ] || [ "${second:-0}" = 1 ]; then
	ip route replace default via @GW1@ dev @IF1@ metric 201
else
	ip route replace default via @GW2@ dev @IF2@ metric 201
fi
