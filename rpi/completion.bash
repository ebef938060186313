# bash completion for imon(8) and imon-configure(8)			-*- shell-script -*-

# _imon_instances prints the names of the instances that have a configuration.
_imon_instances() {
	local file
	for file in /etc/default/imon-*; do
		case $file in
			*~ | *.bak | *.tmp | *'*') ;;
			*) [ -f "$file" ] && echo "${file#/etc/default/imon-}" ;;
		esac
	done
	[ -r /etc/config/imon ] &&
		sed -n "s/^[[:space:]]*config[[:space:]][[:space:]]*['\"]*instance['\"]*[[:space:]][[:space:]]*['\"]*\([A-Za-z0-9_]*\).*/\1/p" /etc/config/imon
}

# _imon_keys prints the settings of imon.conf(5).
_imon_keys() {
	local monitor key side
	for key in action datefmt instance note imon-configure-version imon-configure-created debug action-timeout listen outages-copy; do
		echo "global.$key="
	done
	for monitor in ddns updown failover ping; do
		for key in enable interval pingcount pingwait; do
			echo "$monitor.$key="
		done
	done
	for key in ddns.providers updown.monitorip updown.addping updown.dnsserver updown.dnslookup \
		failover.prefer-primary failover.metric ping.monitorip ping.addping; do
		echo "$key="
	done
	for key in sources command lookup-interval family follow hostname primary-hostname standby-hostname \
		further-hostnames force-interval update update-server zone ttl key-name key-algorithm key-secret \
		key-file username password password-file; do
		echo "ddns.$key="
	done
	for key in quality-window failure-loss recovery-loss failure-rtt recovery-rtt failure-jitter recovery-jitter; do
		echo "ping.$key="
	done
	for side in primary standby; do
		for key in if name gw ping postping method gw6 ping6; do
			echo "failover.$side-$key="
		done
	done
	for key in uplinks family fall rise failure-interval reliability dnslookup http-status quality-window \
		failure-loss recovery-loss failure-rtt recovery-rtt failure-jitter recovery-jitter passive-rounds \
		hold hold-max withdraw-when-down manage-defaults dry-run; do
		echo "failover.$key="
	done
}

_imon() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words='' command=''
	# An = in the line is a word of its own, as it is in COMP_WORDBREAKS.
	[ "${COMP_WORDS[0]##*/}" = imon-configure ] && command=configure
	[ -z "$command" ] && [ "$COMP_CWORD" -gt 1 ] && case ${COMP_WORDS[1]} in
		-*) command=run ;;
		*) command=${COMP_WORDS[1]} ;;
	esac
	COMPREPLY=()
	case $prev in
		--instance | -instance) words=$(_imon_instances) ;;
		--to | -to) words='uci json' ;;
		--for | -for) words='30m 2h 1d' ;;
		--since | -since) words='1d 7d 30d' ;;
		--unset | -unset) words=$(_imon_keys | tr -d =) ;;
		--set | -set)
			words=$(_imon_keys)
			compopt -o nospace 2>/dev/null
			;;
		--config | -config)
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
			;;
		=)
			case ${COMP_WORDS[COMP_CWORD - 2]} in
				*.enable | *.debug | *.prefer-primary | *-when-down | *.manage-defaults | *.dry-run) words='true false' ;;
				*-method) words='icmp dns tcp http' ;;
				failover.family) words='4 6 both' ;;
				*.primary-if | *.standby-if) words=$(ls /sys/class/net 2>/dev/null) ;;
				global.action | global.outages-copy) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
			esac
			;;
		*)
			case $command in
				'') words='run check configure convert ddns events failover report status --instance --config --nosyslog --version --help' ;;
				run) words='--instance --config --nosyslog --help' ;;
				check) words='--instance --config --help' ;;
				configure) words='--instance --set --unset --recommended --uci --json --version --help' ;;
				events) words='-f --json --instance --help' ;;
				report) words='--since --csv --json --instance --help' ;;
				status) words='--watch --json --instance --help' ;;
				ddns) words='--once --json --instance --config --help' ;;
				failover) words='primary standby auto --for --instance --help' ;;
				convert) words='--to --instance --config --help' ;;
			esac
			;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _imon imon imon-configure
