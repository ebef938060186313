# Stands for OpenWrt's rc.common, functions.sh and procd.sh: each call is printed.
# SECTIONS: names and their "enabled", as in "main=1 two=0". RUNNING: names.
# FAULTY: names. BROKEN: not empty when /etc/config/imon cannot be read.
call() { printf '%s' "$1"; shift; [ $# = 0 ] || printf ' <%s>' "$@"; echo; }
extra_command() { :; }
logger() { [ "$1 $2 $3 $4 $5" = "-s -t imon -p daemon.err" ] && echo "log: $6"; }
uci() {
	[ "$1 $2" != "-q show" ] || { [ -z "$SECRET" ] || echo "$3.ddns_password='$SECRET'"; return; }
	[ -z "$BROKEN" ] || { echo "uci: Parse error" >&2; return 1; }
}
config_load() { call config_load "$@"; }
config_foreach() {
	f=$1
	shift 2
	for s in $SECTIONS; do "$f" "${s%=*}" "$@"; done
}
config_get_bool() { config_get "$@"; }
config_get() {
	if [ "$3" = enabled ]; then
		for pair in $SECTIONS; do [ "${pair%%=*}" != "$2" ] || eval "$1=\${pair#*=}"; done
	else
		eval "$1=\${GLOBAL_$3:-$4}"
	fi
}
procd_running() { case "$2/ $RUNNING " in /*) [ -n "$RUNNING" ] ;; *" $2 "*) ;; *) return 1 ;; esac; }
imon() {
	case " $FAULTY " in
	*" $3 "*) printf '%% a warning\n? fault one\n? fault two\n' >&2; return 1 ;;
	*)
		echo "$3 is right"
		[ -z "$LISTED" ] || eval "printf '    %-17s %s\n' \"\$LISTED\" \"\${OF_$3}\""
		;;
	esac
}
for f in procd_open_instance procd_set_param procd_append_param procd_close_instance \
	procd_send_signal procd_add_jail procd_add_reload_trigger procd_add_validation stop; do
	eval "$f() { call $f \"\$@\"; }"
done
start() { call start "$@"; start_service "$@"; }
show_compared() {
	start_service >/dev/null
	for f in testdata/run/*; do echo "${f##*/}: $(cat "$f")"; done
}
show_modes() {
	start_service >/dev/null
	stat -c %a testdata/run/main testdata/run/.main
}
. files/imon.init
PROG=imon
RUN=testdata/run
JAIL=${UJAIL:-testdata/nowhere}
trap 'rm -rf testdata/run' EXIT
"$@"
echo "exit $?"
