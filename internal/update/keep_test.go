package update

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A second process begins with what the first one has left.
func TestRestart(t *testing.T) {
	for name, c := range map[string]struct {
		between func(w *world)
		want    []string
	}{
		"nothing has changed":       {func(*world) {}, nil},
		"another address":           {func(w *world) { w.start = w.start.Add(0) }, []string{"1h0m0s" + told + "203.0.113.8"}},
		"the record has drifted":    {func(w *world) { w.at = nil }, []string{"1h0m0s" + told + four}},
		"another password":          {func(w *world) { w.secrets = "another" }, []string{"1h0m0s" + told + four}},
		"force-interval was over":   {func(*world) { pass(48 * time.Hour) }, []string{"49h0m0s" + told + four}},
		"the file was lost":         {func(w *world) { w.shelf = nil }, []string{"1h0m0s" + told + four}},
		"the file makes no sense":   {func(w *world) { w.shelf = []byte("\x00\x00") }, []string{"1h0m0s" + told + four}},
		"the file is of later imon": {func(w *world) { w.shelf = []byte(`{"version":2}`) }, []string{"1h0m0s" + told + four}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, cfg := newWorld(four), dyndns2()
				cfg.Delivery.ForceInterval = 36 * time.Hour
				s, stop := w.live(t, cfg)
				s.Publish(moved(four))
				pass(time.Hour)
				stop()
				before := len(w.told)
				c.between(w)
				address := four
				if name == "another address" {
					address = "203.0.113.8"
				}
				saves := w.saves
				s, stop = w.live(t, cfg)
				s.Publish(moved(address))
				pass(time.Minute)
				stop()
				same(t, "told", w.told[before:], append([]string{}, c.want...))
				if len(c.want) == 0 && w.saves != saves {
					t.Error("the file was written although nothing has changed")
				}
				if w.aside != (name == "the file makes no sense") {
					t.Errorf("set aside: %t", w.aside)
				}
			})
		})
	}
}

func TestRefusalHoldsOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(four)
		w.answer = "abuse"
		for range 5 {
			s, stop := w.live(t, dyndns2())
			s.Publish(moved(four))
			pass(time.Hour)
			stop()
		}
		same(t, "told", w.told, []string{"0s" + told + four})
		s, stop := w.live(t, dyndns2())
		s.Publish(moved(four))
		pass(20 * time.Hour)
		stop()
		same(t, "told", w.told, []string{"0s" + told + four, "24h0m0s" + told + four})
	})
}

func TestAFullDiskIsOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(four)
		w.full = true
		s, stop := w.live(t, dyndns2())
		for _, a := range []string{four, "203.0.113.8", "203.0.113.9"} {
			s.Publish(moved(a))
			pass(time.Minute)
		}
		stop()
		n := 0
		for _, line := range w.lines {
			if strings.Contains(line, `What was delivered is not known after a restart: cannot write "/s": no space left on device`) {
				n++
			}
		}
		if n != 1 || len(w.told) != 3 {
			t.Errorf("%d lines, told %q", n, w.told)
		}
	})
}

func TestNoSecretIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, cfg := newWorld(four), dyndns2()
		cfg.Delivery.Password, cfg.Delivery.PasswordFile = "hunter2", ""
		s, stop := w.live(t, cfg)
		s.Publish(moved(four))
		pass(time.Minute)
		stop()
		if text := string(w.shelf); strings.Contains(text, "hunter2") || !strings.Contains(text, four) {
			t.Errorf("kept %s", text)
		}
	})
}
