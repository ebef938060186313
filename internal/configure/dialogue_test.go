package configure

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/config"
)

const head = "\nBuild imon configuration file\nSee https://github.com/gitbls/imon for configuration details\n\n"

// sessionText is what the session of the contract looks like.
const sessionText = head + `Instance name [main]: demo
Note to add to config file: one line of info. Or not
Full path to action script (action): /bin/action
* Enable the 'ddns' monitor? [y/N]: y
Interval between checks (interval) [10]: 
Ping count (pingcount) [2]: 
Ping wait time (pingwait) [1]: 
* Enable the 'updown' monitor? [y/N]: y
Interval between checks (interval) [10]: 
Ping count (pingcount) [2]: 
Ping wait time (pingwait) [1]: 
Name/IP address to monitor (monitorip): 1.1.1.1
Additional IP addresses to ping (addping): 192.168.92.1,192.168.1.1
Name/IP address of DNS server (dnsserver): 8.8.8.8
DNS name to lookup (dnslookup): microsoft.com
* Enable the 'failover' monitor? [y/N]: y
Interval between checks (interval) [10]: 
Ping count (pingcount) [2]: 
Ping wait time (pingwait) [1]: 
Prefer primary network (prefer-primary) [N]: 
Network default route metric (metric) [201]: 
Primary network interface name (primary-if): eth1
Primary network name (primary-name): pnet
Primary network gateway IP Address (primary-gw): 192.168.42.1
Name/IP Address to check if Primary network is up (primary-ping): 
Name/IP Address to ping after failover to Primary (primary-postping): 
Standby network interface name (standby-if): eth10
Standby network name (standby-name): snet
Standby network gateway IP Address (standby-gw): 192.168.62.1
Name/IP Address to check if Standby network is up (standby-ping): 
Name/IP Address to ping after failover to Standby (standby-postping): 
* Enable the 'ping' monitor? [y/N]: y
Interval between pings (interval) [10]: 
Ping count (pingcount) [2]: 
Ping wait time (pingwait) [1]: 
Name/IP Address to ping (monitorip): 1.1.1.1

Write configuration file '/etc/default/imon-demo'? [Y/n] y
Wrote '/etc/default/imon-demo'
`

// sessionFile is what the Python imon-configure wrote after these answers, but for
// the small letters that it made.
const sessionFile = `{
    "global": {
        "action": "/bin/action",
        "datefmt": "%Y-%m-%d %H:%M:%S",
        "instance": "demo",
        "note": "one line of info. Or not",
        "imon-configure-version": "V9.9",
        "imon-configure-created": "2026-01-02 03:04:05"
    },
    "ddns": {
        "enable": true,
        "interval": 10.0,
        "pingcount": 2,
        "pingwait": 1
    },
    "updown": {
        "enable": true,
        "interval": 10.0,
        "pingcount": 2,
        "pingwait": 1,
        "monitorip": "1.1.1.1",
        "addping": "192.168.92.1,192.168.1.1",
        "dnsserver": "8.8.8.8",
        "dnslookup": "microsoft.com"
    },
    "failover": {
        "enable": true,
        "interval": 10.0,
        "pingcount": 2.0,
        "pingwait": 1.0,
        "prefer-primary": false,
        "metric": 201,
        "primary-if": "eth1",
        "primary-name": "pnet",
        "primary-gw": "192.168.42.1",
        "primary-ping": "",
        "primary-postping": "",
        "standby-if": "eth10",
        "standby-name": "snet",
        "standby-gw": "192.168.62.1",
        "standby-ping": "",
        "standby-postping": ""
    },
    "ping": {
        "enable": true,
        "interval": 10.0,
        "pingcount": 2,
        "pingwait": 1,
        "monitorip": "1.1.1.1"
    }
}
`

func TestTheSessionOfTheContract(t *testing.T) {
	r := newRig(t, session()...)
	text := r.mustWrite(Request{})
	if diff := cmp.Diff(sessionText, r.shown.String()); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sessionFile, text); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	if mode := r.modes["/etc/default/imon-demo"]; mode != 0o644 {
		t.Errorf("mode %v", mode)
	}
	if len(r.answers) > 0 {
		t.Errorf("not asked for: %q", r.answers)
	}
}

// With every Enter at its first question, nothing is enabled; it is written, as it
// always was, but said.
func TestNothingEnabled(t *testing.T) {
	r := newRig(t, "", "", "", "", "", "", "", "")
	text := r.mustWrite(Request{})
	r.saw("% No monitors are enabled. See documentation\n\nWrite configuration file '/etc/default/imon-main'? [Y/n] \nWrote ")
	if !strings.Contains(text, "\"ddns\": {\n        \"enable\": false,\n        \"interval\": 10,\n") {
		t.Errorf("%s", text)
	}
}

// Whatever question is the last one answered, nothing is written.
func TestEndsAtEachQuestion(t *testing.T) {
	for _, end := range []error{nil, ErrInterrupted, errNetwork} {
		for n := range len(session()) {
			r := newRig(t, session()[:n]...)
			want := ErrEnd
			if end != nil {
				r.end, want = end, end
			}
			if done, err := r.run(Request{}); !errors.Is(err, want) || done.Written {
				t.Errorf("after %d answers: %v, want %v", n, err, want)
			}
			if len(r.prompts) != n+1 {
				t.Errorf("after %d answers: %d more questions", n, len(r.prompts)-n)
			}
			r.mustLeave()
		}
	}
}

func TestNo(t *testing.T) {
	r := newRig(t, onlyUpdown("no")...)
	if done, err := r.run(Request{}); err != nil || done.Written {
		t.Errorf("%v %v", done, err)
	}
	r.saw("[Y/n] no\nNothing was written\n")
	r.mustLeave()
}

// What may not be written is said before the first question.
func TestMayNotWrite(t *testing.T) {
	for _, name := range []string{"", "main"} {
		r := newRig(t, session()...)
		r.locked = errDenied
		_, err := r.run(Request{Instance: name})
		want := `cannot write "/etc/default/imon-main": permission denied: run imon-configure as root`
		if err == nil || err.Error() != want {
			t.Errorf("%v", err)
		}
		if len(r.prompts) > 0 {
			t.Errorf("asked all the same: %q", r.prompts)
		}
	}
}

func TestInstanceNames(t *testing.T) {
	const rule = "(it must be 1 to 63 of the characters A-Z a-z 0-9 _ . @ -, begin with a letter, a digit or _, and not contain two dots in a row)"
	r := newRig(t, append([]string{"../x", "a b", "Wan-2.b@c"}, onlyUpdown("")[1:]...)...)
	r.mustWrite(Request{Format: JSON})
	r.saw("Instance name [main]: ../x\n% Invalid value '../x' for instance "+rule+"\n",
		"Instance name [main]: a b\n% Invalid value 'a b' for instance "+rule+"\n",
		"Instance name [main]: Wan-2.b@c\nNote", "Wrote '/etc/default/imon-Wan-2.b@c'\n")

	r = newRig(t, append([]string{"wan-2", "wan_2"}, onlyUpdown("")[1:]...)...)
	r.mustWrite(Request{Format: UCI})
	r.saw("% Invalid value 'wan-2' for instance (names in UCI have only A-Z a-z 0-9 _)\nInstance name [main]: wan_2\nNote")

	for _, q := range []Request{{Instance: "a b"}, {Instance: "wan-2", Format: UCI}} {
		r = newRig(t, session()...)
		if _, err := r.run(q); err == nil || !strings.HasPrefix(err.Error(), "Invalid value '"+q.Instance+"' for instance ") || len(r.prompts) > 0 {
			t.Errorf("%v, after %q", err, r.prompts)
		}
	}
}

func TestInstanceOfTheCommandLineIsNotAskedFor(t *testing.T) {
	r := newRig(t, onlyUpdown("")[1:]...)
	r.mustWrite(Request{Instance: "lte"})
	r.saw(head+"Note to add", "Wrote '/etc/default/imon-lte'")
}

// Answers that go together only one by one lead back to their monitor.
func TestFaultsLeadBack(t *testing.T) {
	twice := []string{"eth1", "a", "192.168.42.1", "", ""}
	answers := append([]string{"", "", "", "n", "n", "y", "", "", "", "", ""}, append(twice, twice...)...)
	answers = append(answers, "n")                                                                             // ping
	answers = append(answers, "", "", "", "", "", "", "", "", "", "", "", "eth10", "", "192.168.62.1", "", "") // failover once more
	r := newRig(t, append(answers, "y")...)
	r.mustWrite(Request{})
	r.saw("? Invalid value 'eth1' for standby-if (failover.standby-if must not be primary-if when standby-gw is primary-gw)\n"+
		"* Enable the 'failover' monitor? [Y/n]: \n", "Standby network interface name (standby-if) [eth1]: eth10\n", "Wrote")
	if got := r.values(mainJSON()); got["failover.standby-if"] != "eth10" || got["failover.standby-name"] != "a" {
		t.Errorf("%v", got)
	}
}

// What JSON cannot hold comes from a UCI file, and leads back as well.
func TestTextThatJSONCannotHold(t *testing.T) {
	r := newRig(t)
	r.text[config.UCIPath] = "config instance main\n\toption enabled 1\n\toption note 'a\xff'\n\toption ddns_enable 1\n"
	r.answers = []string{"", "", "", "y", "", "", "", "n", "n", "n", "\xfe", "fine", "", "y"}
	r.mustWrite(Request{Format: JSON})
	r.saw("? Invalid value 'a\ufffd' for note (global.note must be UTF-8 text in JSON)\n", "% note must be UTF-8 text\n", "]: fine\n")
	if got := r.values(mainJSON())["global.note"]; got != "fine" {
		t.Errorf("note %q", got)
	}
}

// The table alone says what is asked: each of its keys is, unless it says no.
func TestEveryKeyIsAskedFor(t *testing.T) {
	r := newRig(t, session()...)
	r.mustWrite(Request{})
	for _, k := range config.Keys() {
		asked := strings.Count(r.shown.String(), k.Help) > 0
		if asked != (k.Asking >= config.AskOptional) && k.Name != "instance" {
			t.Errorf("%s asked for: %v", k, asked)
		}
	}
}
