package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/event"
)

// What a reload takes out of the configuration is offline no longer than that, is not called
// available while nobody looks, and does not come back with the next start.
func TestNoLongerWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		thing := func(target string) []Thing { return []Thing{{Monitor: event.Updown, Target: target}} }
		fs := afero.NewMemMapFs()
		d := open(t, fs)
		d.Configure("", thing("a.example"))
		d.tell(event.UpdownInitial, true)
		time.Sleep(time.Hour)
		d.tell(event.UpdownOffline, false)
		time.Sleep(time.Minute)
		d.Configure("", thing("b.example"))
		d.tell(event.UpdownOffline, false) // of the monitor that is about to stop
		time.Sleep(5 * day)
		check := func() {
			t.Helper()
			doc := d.Document(0)
			if got := outages(doc); got != "a.example 60 cut no answer" {
				t.Error(got)
			}
			if len(doc.Availability) != 0 {
				t.Errorf("%+v", doc.Availability)
			}
		}
		check()
		d.end()
		d = &desk{log: &log{}, t: t, file: d.file}
		d.Ledger = New("main", d.file, nil, d.log)
		d.Configure("", thing("b.example"))
		d.load()
		check()
	})
}
