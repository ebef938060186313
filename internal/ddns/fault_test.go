package ddns

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// The same provider was asked 8,640 times a day.
func TestFault13NoProviderIsAskedTwiceInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{says: always("X")}
		run(t, 24*time.Hour-time.Second, w)
		const polls = 8640
		if len(w.asked) != polls+1 { // the first answer is confirmed once
			t.Errorf("%d requests in %d polls, want one each and one to confirm", len(w.asked), polls)
		}
		share := map[string]int{}
		for i, url := range w.asked {
			share[url]++
			if i > 0 && url == w.asked[i-1] {
				t.Fatalf("%s was asked twice in a row", url)
			}
		}
		for url, n := range share {
			if n > polls/4+1 {
				t.Errorf("%s was asked %d times a day", url, n)
			}
		}
	})
}

// Whatever address a provider returned was believed.
func TestFault13UnconfirmedLieIsNotBelieved(t *testing.T) {
	for liar := range 4 {
		synctest.Test(t, func(t *testing.T) {
			lies := "http://" + string(rune('a'+liar)) + "/ip"
			w := &web{says: func(url string) string {
				if url == lies {
					return "Z"
				}
				return "X"
			}}
			out := run(t, time.Hour, w)
			if len(out.events) != 1 || out.events[0].Address != addresses["X"] || out.events[0].Source == lies {
				t.Errorf("with %s lying: %+v, want one update to the address of the others", lies, out.events)
			}
			if !slices.Contains(w.asked, lies) {
				t.Errorf("%s was never asked: the test shows nothing", lies)
			}
		})
	}
}

// The log and the action had one event for each failed poll of a long outage.
func TestFault13OneEventForAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{took: time.Second}
		w.says = func(string) string {
			if now := time.Since(w.start); now > 15*time.Second && now < 10*time.Hour {
				return ""
			}
			return "X"
		}
		out := run(t, 11*time.Hour, w)
		out.want(t, "update unknown to X by a", "no update (d: timeout; a: timeout; b: timeout)", "still X")
		if back := out.events[2]; back.Kind != event.Message || back.Severity != event.Info ||
			back.Time.Sub(w.start) > 10*time.Hour+time.Minute+time.Second {
			t.Errorf("got %+v, want an Info line within a minute of the end of the outage", back)
		}
	})
}
