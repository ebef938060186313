package configure

import (
	"strings"
	"testing"

	"github.com/ejgeiger/imon/internal/config"
)

// Whatever is typed, and whatever the file was before: it is left alone, or what was
// written is a right one.
func FuzzAnswers(f *testing.F) {
	f.Add(strings.Join(session(), "\n"), "", false)
	f.Add(strings.Join(onlyUpdown("y"), "\n"), edited, false)
	f.Add(strings.Join(onlyUpdown("y"), "\n"), router, true)
	f.Add("\n-\n?\ny\n\n\n\ny\n\n\n\n\xff\na.example\n", "{", false)
	f.Add(strings.Repeat("\n", 40), router, true)
	f.Fuzz(func(t *testing.T, answers, before string, uci bool) {
		r := newRig(t, strings.Split(answers, "\n")...)
		q, path := Request{Instance: "main", Format: JSON}, "/etc/default/imon-main"
		if uci {
			q.Format, path = UCI, config.UCIPath
		}
		if before != "" {
			r.text[path] = before
		}
		done, err := r.run(q)
		if err != nil || !done.Written {
			r.mustLeave()
			return
		}
		text := []byte(r.text[done.Place.Path])
		_, err = done.Place.Check(r.Stat, text)
		if faults, _ := err.(config.Faults); err != nil && (len(faults) != 1 || !faults[0].Idle()) {
			t.Errorf("%v in\n%s", err, text)
		}
		if d := done.Place.Draft(text); d.Config.Off() || len(d.Faults) > 0 {
			t.Errorf("off: %v, %v\n%s", d.Config.Off(), d.Faults, text)
		}
	})
}
