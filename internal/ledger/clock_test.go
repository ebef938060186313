package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/event"
)

// A machine without a clock of its own may start behind the time at which it stopped, and in
// an outage nobody tells it: no outage is then shorter than nothing, and the next start can
// read the file.
func TestClockIsBehindAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := afero.NewMemMapFs()
		text := `{"version":1,"watching":[],"things":[],"outages":[{"monitor":"updown","target":"a.example","start":"` + time.Now().Add(40*time.Minute).UTC().Format(time.RFC3339) + `","cause":"no answer"}]}`
		if err := afero.WriteFile(fs, path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := open(t, fs)
		d.tell(event.UpdownInitial, false)
		time.Sleep(5 * time.Minute)
		if got := outages(d.Document(0)); got != "a.example 0 open no answer" {
			t.Error(got)
		}
		d.tell(event.UpdownInitial, true)
		d.end()
		d = open(t, fs)
		defer d.end()
		if lines, got := d.said(), outages(d.Document(0)); len(lines) != 0 || got != "a.example 0 over no answer" {
			t.Errorf("%s, log %q", got, lines)
		}
	})
}
