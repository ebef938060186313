package update

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
)

const told = " hostname=h.example&myip=" // what the provider is told, but for the address

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s:\n%s", what, diff)
	}
}

func TestDeliversAtOnceAndTellsWhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(four)
		s, stop := w.live(t, dyndns2())
		s.Publish(moved(four))
		synctest.Wait()
		same(t, "told", w.told, []string{"0s" + told + four})
		same(t, "log", w.lines, []string{"0s Delivered 203.0.113.7 as h.example to p.example"})
		d := s.Deliveries()[0]
		if d.Host != "h.example" || d.To != "p.example" || d.IPv4.String() != four || d.At.IsZero() || !d.Next.IsZero() || d.Err != "" {
			t.Errorf("%+v", d)
		}
		pass(24 * time.Hour)
		stop()
		if len(w.told) != 1 || w.saves != 1 || w.asked != 24 {
			t.Errorf("in a quiet day: told %q, saved %d times, compared %d times", w.told, w.saves, w.asked)
		}
	})
}

func TestFailuresAreRepeatedAndTheNewestAddressWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(four)
		w.answer = ""
		s, stop := w.live(t, dyndns2())
		s.Publish(moved("203.0.113.1"))
		pass(45 * time.Second)
		if d := s.Deliveries()[0]; d.Failures != 3 || d.Err != "connection refused" || !d.Next.Equal(w.start.Add(100*time.Second)) || d.IPv4.IsValid() {
			t.Errorf("%+v", d)
		}
		s.Publish(moved("203.0.113.2"))
		s.Publish(moved(four))
		pass(5 * time.Second)
		w.set(func() { w.answer = "good" })
		pass(time.Minute)
		stop()
		early := func(line string) bool {
			return strings.HasPrefix(line, "45s ") && strings.Contains(line, "203.0.113.2")
		} // it was quick enough for the one before
		w.told, w.lines = slices.DeleteFunc(w.told, early), slices.DeleteFunc(w.lines, early)
		same(t, "told", w.told, []string{"0s" + told + "203.0.113.1", "10s" + told + "203.0.113.1", "40s" + told + "203.0.113.1", "45s" + told + four, "55s" + told + four})
		const failed = " to p.example: connection refused; next try in "
		same(t, "log", w.lines, []string{"0s Cannot deliver 203.0.113.1 as h.example" + failed + "10s", "10s Cannot deliver 203.0.113.1 as h.example" + failed + "30s",
			"40s Cannot deliver 203.0.113.1 as h.example" + failed + "1m0s", "45s Cannot deliver 203.0.113.7 as h.example" + failed + "10s",
			"55s Delivered 203.0.113.7 as h.example to p.example"})
	})
}

func TestAnAddressThatComesDuringADeliveryEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(four)
		w.takes = 5 * time.Second
		s, stop := w.live(t, dyndns2())
		s.Publish(moved("203.0.113.1"))
		pass(2 * time.Second)
		s.Publish(moved(four))
		pass(time.Minute)
		stop()
		same(t, "told", w.told, []string{"0s" + told + "203.0.113.1", "2s" + told + four})
	})
}

func TestBothFamiliesGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(four)
		s, stop := w.live(t, dyndns2())
		s.Publish(moved(four))
		pass(time.Second)
		s.Publish(moved(six))
		pass(time.Second)
		stop()
		same(t, "told", w.told, []string{"0s" + told + four, "1s" + told + four + "," + six})
	})
}

func TestRefusalsHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(four)
		w.answer = "badauth"
		s, stop := w.live(t, dyndns2())
		s.Publish(moved("203.0.113.1"))
		pass(time.Hour)
		s.Publish(moved(four)) // no reason to try again
		pass(22 * time.Hour)
		same(t, "told", w.told, []string{"0s" + told + "203.0.113.1"})
		same(t, "log", w.lines, []string{"0s p.example refuses 203.0.113.1 as h.example: badauth: user name or password is wrong; not tried again for 24h0m0s, or until the configuration changes"})
		w.set(func() { w.answer = "911" })
		pass(2 * time.Hour)
		w.set(func() { w.answer = "good" })
		pass(time.Hour)
		stop()
		same(t, "told", w.told[1:], []string{"24h0m0s" + told + four, "24h30m0s" + told + four, "25h0m0s" + told + four, "25h30m0s" + told + four})
	})
}

func TestAnotherPasswordEndsARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(four)
		w.answer = "badauth"
		s, stop := w.live(t, dyndns2())
		s.Publish(moved(four))
		pass(time.Hour)
		s.Configure(dyndns2()) // a reload that changes nothing
		pass(time.Hour)
		w.secrets = "another"
		w.set(func() { w.answer = "good" })
		s.Configure(dyndns2())
		pass(time.Hour)
		stop()
		same(t, "told", w.told, []string{"0s" + told + four, "2h0m0s" + told + four})
	})
}

func TestForceInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, cfg := newWorld(four), dyndns2()
		cfg.Delivery.ForceInterval = 36 * time.Hour
		s, stop := w.live(t, cfg)
		s.Publish(moved(four))
		pass(80 * time.Hour)
		stop()
		same(t, "told", w.told, []string{"0s" + told + four, "36h0m0s" + told + four, "72h0m0s" + told + four})
	})
}

func TestDriftIsRepairedAndToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("198.51.100.9")
		s, stop := w.live(t, dyndns2())
		s.Publish(moved(four))
		pass(4 * 24 * time.Hour)
		same(t, "told", w.told, []string{"0s" + told + four, "10m0s" + told + four, "1h10m0s" + told + four, "7h10m0s" + told + four,
			"31h10m0s" + told + four, "55h10m0s" + told + four, "79h10m0s" + told + four})
		if w.lines[1] != "10m0s h.example is 198.51.100.9 at ns.example, and not 203.0.113.7 as it was delivered: delivering it again" {
			t.Errorf("log %q", w.lines)
		}
		n := len(w.told)
		w.set(func() { w.at["h.example"] = []netip.Addr{netip.MustParseAddr(four)} })
		pass(48 * time.Hour)
		w.set(func() { w.at["h.example"] = nil })
		pass(time.Hour)
		stop()
		if last := w.lines[len(w.lines)-2]; len(w.told) != n+1 || last[len(last)-len("h.example is nowhere at ns.example, and not 203.0.113.7 as it was delivered: delivering it again"):] != "h.example is nowhere at ns.example, and not 203.0.113.7 as it was delivered: delivering it again" {
			t.Errorf("told %q, log %q", w.told[n:], w.lines)
		}
	})
}

func TestANameServerThatIsSilentProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("198.51.100.9")
		w.silent = true
		s, stop := w.live(t, dyndns2())
		s.Publish(moved(four))
		pass(24 * time.Hour)
		stop()
		same(t, "told", w.told, []string{"0s" + told + four})
		same(t, "log", w.lines[1:], []string{"10m0s Cannot compare h.example with its name server: no answer from ns.example"})
	})
}

func TestEachUplinkHasItsNameAndItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, cfg := newWorld(four), dyndns2()
		cfg.Follow = config.FollowEach
		cfg.Delivery.Hostname, cfg.Delivery.PrimaryHostname, cfg.Delivery.FurtherHostnames = "", "one.example", []string{"three.example"}
		s, stop := w.live(t, cfg)
		for i, a := range []string{four, "203.0.113.8", "203.0.113.9"} {
			e := moved(a)
			e.Uplink = event.Uplink{Role: event.Role(i), Interface: "wan", Link: "eth1", Address: netip.MustParseAddr("192.168.42.2")}
			s.Publish(e)
			pass(time.Second)
		}
		stop()
		const by = " by eth1 from 192.168.42.2"
		same(t, "told", w.told, []string{"0s hostname=one.example&myip=203.0.113.7" + by, "2s hostname=three.example&myip=203.0.113.9" + by})
	})
}

func TestNothingIsKeptWhereNothingIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, change := range map[string]func(*config.DDNS){
			"no delivery":   func(c *config.DDNS) { c.Delivery = config.Delivery{} },
			"off":           func(c *config.DDNS) { c.Enable = false },
			"other family":  func(c *config.DDNS) { c.Family = config.FamilyV6 },
			"each, no name": func(c *config.DDNS) { c.Follow = config.FollowEach },
		} {
			w, cfg := newWorld(four), dyndns2()
			change(&cfg)
			s, stop := w.live(t, cfg)
			s.Publish(moved(four))
			pass(48 * time.Hour)
			stop()
			if len(w.told)+len(w.again)+len(s.Deliveries())+w.asked > 0 {
				t.Errorf("%s: told %q, again %q, asked %d, %+v", name, w.told, w.again, w.asked, s.Deliveries())
			}
		}
	})
}

func TestAReloadThatTurnsDeliveryOnDeliversWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, cfg := newWorld(four), dyndns2()
		cfg.Delivery = config.Delivery{}
		s, stop := w.live(t, cfg)
		s.Publish(moved(four))
		pass(time.Hour)
		s.Configure(dyndns2())
		pass(time.Hour)
		stop()
		same(t, "told", w.told, []string{"1h0m0s" + told + four})
	})
}

func TestTheScriptIsRunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, cfg := newWorld("198.51.100.9"), dyndns2()
		cfg.Delivery = config.Delivery{Hostname: "h.example", ForceInterval: 30 * time.Hour}
		s, stop := w.live(t, cfg)
		s.Publish(moved(four))
		pass(9 * time.Minute)
		w.set(func() { w.at["h.example"] = []netip.Addr{netip.MustParseAddr(four)} })
		pass(20 * time.Minute)
		w.set(func() { w.at["h.example"] = nil })
		pass(time.Hour)
		w.set(func() { w.at["h.example"] = []netip.Addr{netip.MustParseAddr(four)} })
		pass(32 * time.Hour)
		stop()
		same(t, "script", w.again, []string{"1h10m0s " + four, "31h10m0s " + four})
		if len(w.told) > 0 || w.saves > 0 {
			t.Errorf("told %q, saved %d times", w.told, w.saves)
		}
	})
}
