package configure

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"strings"

	"github.com/ejgeiger/imon/internal/config"
)

// dialogue is a conversation about one instance. After the first error nothing is
// asked or shown any more.
type dialogue struct {
	*Session
	ctx   context.Context
	d     *draft
	err   error
	told  bool // how a value is emptied
	tune  bool // recommended values are wanted, and not proposed yet
	blind bool // names cannot be looked up
}

// converse asks for all settings and writes the file.
func (s *Session) converse(ctx context.Context, r Request) (Result, error) {
	q := &dialogue{Session: s, ctx: ctx, tune: r.Recommended}
	s.say("\nBuild imon configuration file\nSee https://github.com/gitbls/imon for configuration details\n")
	if err := s.permitted(r); err != nil {
		return Result{}, err
	}
	if q.begin(r); q.err != nil {
		return Result{}, q.err
	}
	q.global()
	for _, section := range config.Sections()[1:] {
		q.monitor(section)
	}
	return q.finish()
}

// permitted asks before the first question whether the last one can be kept.
func (s *Session) permitted(r Request) error {
	path, _ := config.Path("main")
	if r.Instance != "" {
		path, _ = config.Path(r.Instance)
	}
	if r.Format == UCI || r.Format == Auto && r.OpenWrt {
		path = config.UCIPath
	}
	if path == "" {
		return nil // the name is refused in a moment
	}
	err := s.Writable(path)
	if errors.Is(err, iofs.ErrPermission) {
		err = fmt.Errorf("%w: run imon-configure as root", err)
	}
	return err
}

// begin asks for the instance and reads what there is of it.
func (q *dialogue) begin(r Request) {
	name := r.Instance
	for q.d == nil && q.err == nil {
		if r.Instance == "" {
			name = q.read("Instance name [main]: ", nil)
		}
		if q.err == nil {
			q.open(r, name)
		}
	}
	if q.err == nil {
		q.introduce()
	}
}

// open opens an instance, or says why not, once more when it has been asked for.
func (q *dialogue) open(r Request, name string) {
	if name == "" {
		name = "main"
	}
	d, err := q.Session.open(r, name)
	if err == nil {
		err = q.Writable(d.place.Path)
	}
	switch {
	case err == nil:
		q.d = d
	case r.Instance != "":
		q.err = err
	default:
		q.complain("%", err)
	}
}

// introduce says what is known of the instance already.
func (q *dialogue) introduce() {
	d := q.d
	if !d.edited() {
		return
	}
	q.say("%% %s exists: Enter keeps what it has", d.source())
	q.warn(d, d.Warnings)
	if len(d.Faults) > 0 {
		q.complain("%", d.Faults)
		q.say("%% What is wrong in it has the defaults now")
	}
	if !d.place.UCI && d.old != nil {
		q.say("%% Comments and unknown keys will be left only in the copy that is kept of it")
	}
}

// global asks for the settings of no monitor: the note, then the others in the order
// of the table.
func (q *dialogue) global() {
	note, _ := config.FindKey("global.note")
	q.ask(note, note.Help)
	for _, k := range config.Keys() {
		if k.Section == "global" && k.Asking >= config.AskOptional && k.Name != note.Name {
			q.ask(k, named(k))
		}
	}
}

// monitor asks whether to enable a monitor, and if so for its settings.
func (q *dialogue) monitor(section string) {
	for _, k := range config.Keys() {
		switch {
		case q.err != nil || k.Section != section || k.Asking < config.AskOptional:
		case k.Name == "enable":
			on := k.Get(q.d.Config) == "true"
			on = q.yes(fmt.Sprintf("* %s? %s: ", k.Help, map[bool]string{true: "[Y/n]", false: "[y/N]"}[on]), on)
			k.Set(&q.d.Config, fmt.Sprint(on))
			if !on {
				return
			}
			q.recommend(section)
		default:
			q.ask(k, named(k))
		}
	}
}

// recommend lets the questions about failover, when they are asked for the first time,
// propose what is recommended, and says what else is set so.
func (q *dialogue) recommend(section string) {
	if section != "failover" || !q.tune {
		return
	}
	q.tune = false
	before := q.d.Config
	q.d.Config.Recommend(func(config.Key) bool { return false })
	var set []string
	for _, k := range config.Keys() {
		if text := k.Get(q.d.Config); k.Asking == config.AskNew && text != k.Get(before) {
			set = append(set, k.Name+" "+text)
		}
	}
	if len(set) > 0 {
		q.say("%% Set as recommended: %s", strings.Join(set, ", "))
	}
}

// named is the question for a setting, with its name.
func named(k config.Key) string { return fmt.Sprintf("%s (%s)", k.Help, k.Name) }

// finish has the answers checked, asks whether to write them, and does so. Where
// they do not go together it asks again.
func (q *dialogue) finish() (Result, error) {
	var text []byte
	for q.err == nil {
		var faults config.Faults
		text, faults = q.review()
		if len(faults) == 0 {
			break
		}
		q.complain("?", faults)
		q.again(faults)
	}
	if q.err != nil {
		return Result{}, q.err
	}
	q.Print("\n")
	if !q.yes(fmt.Sprintf("Write configuration file '%s'? [Y/n] ", q.d.place.Path), true) {
		if q.err == nil {
			q.say("Nothing was written")
		}
		return Result{Place: q.d.place}, q.err
	}
	err := q.write(q.d, text)
	return Result{Place: q.d.place, Written: err == nil, Enabled: true}, err
}

// review returns the text to be written and what is wrong with it. That nothing is
// enabled is only said: it is a file to be filled in later.
func (q *dialogue) review() ([]byte, config.Faults) {
	q.d.Config.Enable()
	text, err := q.text(q.d)
	if err == nil {
		err = q.check(q.d, text)
	}
	faults, known := err.(config.Faults)
	switch {
	case err != nil && !known:
		q.err = err
	case len(faults) == 1 && faults[0].Idle():
		q.say("%% %s", faults[0])
		return text, nil
	}
	return text, faults
}

// again asks for the sections that have faults once more.
func (q *dialogue) again(faults config.Faults) {
	asked := make(map[string]bool)
	for _, f := range faults {
		switch {
		case asked[f.Section]:
		case f.Section == "global":
			q.global()
		case f.Section != "":
			q.monitor(f.Section)
		default:
			q.err = faults
		}
		asked[f.Section] = true
	}
}

// yes asks a question that is answered with yes or no.
func (q *dialogue) yes(prompt string, usual bool) bool {
	if q.err != nil {
		return false
	}
	yes, err := q.Yes(prompt, usual)
	q.fail(err)
	return yes
}

// read is ReadLine that keeps the first error.
func (q *dialogue) read(prompt string, complete Completer) string {
	if q.err != nil {
		return ""
	}
	line, err := q.ReadLine(prompt, complete)
	q.fail(err)
	return strings.TrimSpace(line)
}

// fail ends the dialogue if err is not nil.
func (q *dialogue) fail(err error) {
	if err == io.EOF {
		err = ErrEnd
	}
	q.err = err
}
