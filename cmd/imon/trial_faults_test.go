package main

import (
	"net/netip"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// trouble is one fault that imon has to live with.
type trouble struct {
	fault   func(*trial) lab.Fault
	dead    [2]bool // uplinks that do not work while it lasts
	touches string  // what it changes; two that touch the same do not go together
	but     excuse
}

// anotherImon is touched by faults after which it is not the same process that runs.
const anotherImon = "another imon"

// excuse is what cannot be asked of imon while a fault lasts.
type excuse int

const (
	none  excuse = iota
	blind        // that the LAN has a way out
	deaf         // that it answers by its socket, or acts
)

var (
	neither = [2]bool{}
	first   = [2]bool{true, false}
	second  = [2]bool{false, true}
	both    = [2]bool{true, true}
)

// troubles are all of them, by what they befall.
func troubles() map[string][]trouble {
	return map[string][]trouble{
		"lines":    troublesOfLines(),
		"routing":  troublesOfRouting(),
		"services": troublesOfServices(),
		"process":  troublesOfTheProcess(),
	}
}

// troublesOfLines are those of cables, interfaces and providers.
func troublesOfLines() []trouble {
	const line1, line2, lines = "line 1", "line 2", "line 1,line 2"
	return []trouble{
		{func(d *trial) lab.Fault { return d.CutISP(0) }, first, line1, none},
		{func(d *trial) lab.Fault { return d.CutISP(1) }, second, line2, none},
		{func(d *trial) lab.Fault { return lab.Together("both cables cut at the ISP", d.CutISP(0), d.CutISP(1)) }, both, lines, none},
		{func(d *trial) lab.Fault { return d.CutRouter(0) }, first, line1, none},
		{func(d *trial) lab.Fault { return d.CutRouter(1) }, second, line2, none},
		{func(d *trial) lab.Fault { return d.Blackhole(0) }, first, "hole 1", none},
		{func(d *trial) lab.Fault { return d.Blackhole(1) }, second, "hole 2", none},
		{func(d *trial) lab.Fault { return d.GatewayDead(0) }, first, line1, none},
		{func(d *trial) lab.Fault { return d.AllDown() }, both, lines, none},
		{func(d *trial) lab.Fault { return d.Loss(0, 1) }, neither, line1, blind},
		{func(d *trial) lab.Fault { return d.Loss(0, 10) }, neither, line1, blind},
		{func(d *trial) lab.Fault { return d.Loss(0, 30) }, neither, line1, blind},
		{func(d *trial) lab.Fault { return d.Removed(0) }, first, line1, none},
		{func(d *trial) lab.Fault { return d.Removed(1) }, second, line2, none},
		{func(d *trial) lab.Fault { return d.Renamed(0) }, first, line1, none},
		{func(d *trial) lab.Fault { return d.Bounce(0) }, neither, line1, none},
		{func(d *trial) lab.Fault { return d.SmallMTU(0) }, neither, "mtu", none},
		{func(d *trial) lab.Fault { return d.Duplicated(0) }, neither, "duplicates", none},
		{func(d *trial) lab.Fault { return d.Late(0, 60*time.Millisecond) }, neither, "detour", none},
		{func(d *trial) lab.Fault { return d.Late(0, time.Second) }, first, "detour", none},
		{func(d *trial) lab.Fault { return d.Forged(0) }, first, "detour", none},
	}
}

// troublesOfRouting are those of the router's own addresses, routes and rules.
func troublesOfRouting() []trouble {
	const line1, line2 = "line 1", "line 2"
	return []trouble{
		{func(d *trial) lab.Fault { return d.Renumber(0) }, neither, line1, none},
		{func(d *trial) lab.Fault { return d.Renumber(1) }, neither, line2, none},
		{func(d *trial) lab.Fault { return d.newModem() }, first, line1, none},
		{func(d *trial) lab.Fault { return d.DefaultDeleted() }, neither, "routes", none},
		{func(d *trial) lab.Fault { return d.RulesFlushed() }, neither, "rules", none},
		{func(d *trial) lab.Fault { return d.privateTablesFlushed() }, neither, "rules", none},
		{func(d *trial) lab.Fault { return d.ForeignDefault(1, 100) }, neither, "routes", none},
		{func(d *trial) lab.Fault { return d.ForeignLoop(1, 50) }, neither, "routes", blind},
		{func(d *trial) lab.Fault { return d.RPFilter(1) }, neither, "sysctl", none},
		{func(d *trial) lab.Fault { return d.RPFilter(2) }, neither, "sysctl", none},
		{func(d *trial) lab.Fault { return d.RouteStorm(2000) }, neither, "storm", none},
		{func(d *trial) lab.Fault { return d.overrun() }, neither, "storm,routes,process", blind},
		{func(d *trial) lab.Fault { return d.NoNewFlows() }, both, "flows", blind},
	}
}

// troublesOfServices are those of servers that others run.
func troublesOfServices() []trouble {
	const names, web = "names", "web"
	return []trouble{
		{func(d *trial) lab.Fault { return d.DNSDown() }, neither, names, none},
		{func(d *trial) lab.Fault {
			return d.NamesWrong("DNS answers wrong", lab.DNSReply{Lie: netip.MustParseAddr("104.16.9.9")})
		}, neither, names, none},
		{func(d *trial) lab.Fault { return d.NamesWrong("DNS fails", lab.DNSReply{Rcode: 2}) }, neither, names, none},
		{func(d *trial) lab.Fault {
			return d.NamesWrong("DNS slow by 3 s", lab.DNSReply{Delay: 3 * time.Second})
		}, neither, names, none},
		{func(d *trial) lab.Fault { return d.NamesWrong("DNS silent", lab.DNSReply{Silent: true}) }, neither, names, none},
		{func(d *trial) lab.Fault { return d.NamesWrong("DNS forged", lab.DNSReply{WrongID: true}) }, neither, names, none},
		{func(d *trial) lab.Fault { return d.WebDown() }, neither, web, none},
		{func(d *trial) lab.Fault { return d.WebWrong("HTTP slow by 8 s", lab.Answer{Delay: 8 * time.Second}) }, neither, web, none},
		{func(d *trial) lab.Fault { return d.WebWrong("HTTP answers of 16 MiB", lab.Answer{Pad: 16 << 20}) }, neither, web, none},
		{func(d *trial) lab.Fault { return d.WebWrong("HTTP lies", lab.Answer{Body: "104.16.9.9\n"}) }, neither, web, none},
		{func(d *trial) lab.Fault { return d.WebWrong("HTTP 503", lab.Answer{Status: 503}) }, neither, web, none},
		{func(d *trial) lab.Fault { return d.ExternalChanged(0) }, neither, "external", none},
		{func(d *trial) lab.Fault { return d.HostDown("93.184.215.14") }, neither, "host", none},
		{func(d *trial) lab.Fault { return d.HostDown("1.1.1.1") }, both, "host", none},
		{func(d *trial) lab.Fault { return d.ubusdKilled() }, neither, "ubusd", none},
	}
}

// troublesOfTheProcess are those of imon itself and of its action script. With most of
// them a cable is cut, so that there is something to do.
func troublesOfTheProcess() []trouble {
	const process, script, another = "process,line 1", "script,line 1", "process,line 1," + anotherImon
	return []trouble{
		{func(d *trial) lab.Fault { return d.stopped() }, first, process, none},
		{func(d *trial) lab.Fault { return d.killed() }, neither, another, none},
		{func(d *trial) lab.Fault { return d.killedDuringASwitch() }, first, another, none},
		{func(d *trial) lab.Fault { return d.withoutFiles() }, first, process, deaf},
		{func(d *trial) lab.Fault { return d.withinMemory(16) }, first, another, none},
		{func(d *trial) lab.Fault { return d.withinMemory(12) }, first, another, none},
		{func(d *trial) lab.Fault { return d.syslogGone() }, first, another, none},
		{func(d *trial) lab.Fault { return d.syslogBlocked() }, first, another, none},
		{func(d *trial) lab.Fault { return d.flooded() }, first, process, none},
		{func(d *trial) lab.Fault { return d.reloaded() }, first, process, none},
		{func(d *trial) lab.Fault { return d.diskFull() }, first, "state,line 1", none},
		{func(d *trial) lab.Fault { return d.diskReadOnly() }, first, "state,line 1", none},
		{func(d *trial) lab.Fault { return d.action("hangs", "trap '' TERM; sleep 1000") }, first, script, none},
		{func(d *trial) lab.Fault {
			return d.action("forks", "for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait")
		}, first, script, none},
		{func(d *trial) lab.Fault {
			return d.action("floods its output", "yes $(printf %01000d) | head -n 300; sleep 1000") // more than a pipe holds
		}, first, script, none},
		{func(d *trial) lab.Fault { return d.action("fails", "exit 3") }, first, script, none},
		{func(d *trial) lab.Fault { return d.actionDeleted() }, first, script, none},
	}
}
