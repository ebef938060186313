package lab

import (
	"errors"
	"fmt"
	"strings"
)

// NewFault is a fault of the caller's own, for example one of the program under test.
// Without a restore it undoes itself or is to be repaired by that program.
func NewFault(name string, inject, restore func() error) Fault {
	if restore == nil {
		restore = nothing
	}
	return Fault{name, inject, restore}
}

// RulesFlushed is the router's routing rules flushed by somebody, as a clumsy script
// does: those of the kernel are there again at once. Its restore does nothing.
func (l *Lab) RulesFlushed() Fault {
	return Fault{"routing rules flushed", func() error {
		return l.Router.batch("rule flush\nrule add pref 32766 lookup main\nrule add pref 32767 lookup default\n")
	}, nothing}
}

// ForeignLoop is another program that adds a default route through uplink i, which
// wins, and deletes it, so many times.
func (l *Lab) ForeignLoop(i, times int) Fault {
	return Fault{fmt.Sprintf("foreign default route by line %d, %d times", i+1, times), func() error {
		u := l.Uplink(i)
		route := fmt.Sprintf("default via %s dev %s proto static metric 3\n", u.Gateway, u.Interface)
		return l.Router.batch(strings.Repeat("route add "+route+"route del "+route, times))
	}, nothing}
}

// RouteStorm is so many routes added to a table that nobody uses, and deleted.
// Unlike a route by a device each makes one message to everybody who subscribed.
// Its restore does nothing.
func (l *Lab) RouteStorm(routes int) Fault {
	return Fault{fmt.Sprintf("%d routes come and go", routes), func() error {
		var b strings.Builder
		for _, verb := range []string{"add", "del"} {
			for n := range routes {
				fmt.Fprintf(&b, "route %s unreachable 10.%d.%d.%d/32 table 7777\n", verb, n>>16, n>>8&255, n&255)
			}
		}
		return l.Router.batch(b.String())
	}, nothing}
}

// Renamed is the router's interface under another name: set down, renamed and up
// again. Its restore gives it its name back.
func (l *Lab) Renamed(i int) Fault {
	was, other := home(i).Interface, fmt.Sprintf("wan%d", i+1)
	rename := func(from, to string) string {
		return fmt.Sprintf("link set %s down\nlink set %[1]s name %s\nlink set %[2]s up\n", from, to)
	}
	return Fault{fmt.Sprintf("interface %d renamed", i+1),
		func() error { return l.Router.batch(rename(was, other)) },
		func() error { return l.Router.batch(rename(other, was) + l.routerLines(i)) }}
}

// SmallMTU is a line on which packets of more than 600 bytes are lost without a word,
// in both directions (an MTU black hole, RFC 2923 section 2.1).
func (l *Lab) SmallMTU(i int) Fault {
	return dropping(fmt.Sprintf("MTU black hole on line %d", i+1), l.ISPs[i], "inet", "lab_mtu",
		"chain forward {\ntype filter hook forward priority -300\nmeta length > 600 drop\n}")
}

// NoNewFlows is a router whose table of tracked connections is full: no packet of a
// new flow leaves it or passes it, its own get EPERM, and old flows go on. The real
// limit, nf_conntrack_max, is that of the whole machine, so rules do the same here.
func (l *Lab) NoNewFlows() Fault {
	const drop = " priority -150\nct state new meta oifname != lo drop\n}\n"
	return dropping("no room for new tracked connections", l.Router, "inet", "lab_full",
		"chain out {\ntype filter hook output"+drop+"chain forward {\ntype filter hook forward"+drop)
}

// NamesWrong is all name servers answering every name with an address that nobody
// has, or in another wrong way.
func (l *Lab) NamesWrong(name string, reply DNSReply) Fault {
	return Fault{name, l.behave(reply), l.behave(DNSReply{})}
}

func (l *Lab) behave(reply DNSReply) func() error {
	return func() error {
		for _, s := range l.DNS {
			s.Behave(reply)
		}
		return nil
	}
}

// WebWrong is all web servers answering like that.
func (l *Lab) WebWrong(name string, answer Answer) Fault {
	set := func(answer Answer) func() error {
		return func() error {
			for _, p := range l.Providers {
				p.Behave(answer)
			}
			return nil
		}
	}
	return Fault{name, set(answer), set(Answer{})}
}

// WebDown is all web servers stopped: a connection is refused.
func (l *Lab) WebDown() Fault {
	each := func(verb func(*Provider) error) func() error {
		return func() error {
			var errs []error
			for _, p := range l.Providers {
				errs = append(errs, verb(p))
			}
			return errors.Join(errs...)
		}
	}
	return Fault{"web servers stopped", each((*Provider).Stop), each((*Provider).Start)}
}
