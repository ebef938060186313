package configure

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/ejgeiger/imon/internal/config"
)

// script is a terminal on which somebody types prepared answers.
type script struct {
	answers []string
	end     error // after the last answer
	shown   strings.Builder
	prompts []string
	tab     map[string]Completer // by prompt
}

func (s *script) ReadLine(prompt string, complete Completer) (string, error) {
	s.shown.WriteString(prompt)
	s.prompts = append(s.prompts, prompt)
	if complete != nil {
		s.tab[prompt] = complete
	}
	if len(s.answers) == 0 {
		return "", s.end
	}
	answer := s.answers[0]
	s.answers = s.answers[1:]
	s.shown.WriteString(answer + "\n")
	return answer, nil
}

func (s *script) Print(text string) { s.shown.WriteString(text) }
func (s *script) Interactive() bool { return true }

// box is a machine with two uplinks, one of them down, and a modem.
type box struct {
	interfaces []Interface
	names      map[string]error // what a look-up says; a name that is not here exists
	asked      []string
	files      fstest.MapFS
}

func newBox() *box {
	return &box{
		interfaces: []Interface{
			{Name: "eth1", Up: true, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.42.2/24")}},
			{Name: "eth10", Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.62.2/24"), netip.MustParsePrefix("2001:db8::2/64")}},
			{Name: "ppp0", Up: true, Peer: true, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.9/32")}},
			{Name: "wwan0"},
		},
		files: fstest.MapFS{
			"bin/action": {Mode: 0o755}, "etc/passwd": {Mode: 0o644}, "bin": {Mode: iofs.ModeDir | 0o755},
		},
	}
}

func (b *box) Interfaces() []Interface { return b.interfaces }

func (b *box) Resolve(_ context.Context, name string) error {
	b.asked = append(b.asked, name)
	return b.names[name]
}

func (b *box) Stat(path string) (iofs.FileInfo, error) {
	return b.files.Stat(strings.TrimPrefix(path, "/"))
}

// disk is the files that are there.
type disk struct {
	text   map[string]string
	modes  map[string]iofs.FileMode
	locked error // of Writable and Replace
}

func (d *disk) Read(path string) ([]byte, error) {
	text, found := d.text[path]
	if !found {
		return nil, nil
	}
	return []byte(text), nil
}

func (d *disk) Writable(string) error { return d.locked }

func (d *disk) Replace(path string, text []byte, mode iofs.FileMode) (backup string, err error) {
	if d.locked != nil {
		return "", d.locked
	}
	if old, found := d.text[path]; found {
		backup = path + "~"
		d.text[backup] = old
	}
	d.text[path], d.modes[path] = string(text), mode
	return backup, nil
}

// rig is a session with all its fakes.
type rig struct {
	*script
	*box
	*disk
	t   *testing.T
	was map[string]string // the files before
}

func newRig(t *testing.T, answers ...string) *rig {
	return &rig{
		script: &script{answers: answers, end: io.EOF, tab: map[string]Completer{}}, box: newBox(),
		disk: &disk{text: map[string]string{}, modes: map[string]iofs.FileMode{}}, t: t,
	}
}

func (r *rig) run(q Request) (Result, error) {
	r.was = map[string]string{}
	for path, text := range r.text {
		r.was[path] = text
	}
	s := Session{
		Terminal: r.script, Machine: r.box, Files: r.disk, Version: "9.9",
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}
	return s.Run(r.t.Context(), q)
}

// mustWrite runs and returns the text that was written.
func (r *rig) mustWrite(q Request) string {
	r.t.Helper()
	done, err := r.run(q)
	if err != nil || !done.Written {
		r.t.Fatalf("%v, written %v, after\n%s", err, done.Written, r.shown.String())
	}
	return r.text[done.Place.Path]
}

// mustLeave checks that every file is as it was.
func (r *rig) mustLeave() {
	r.t.Helper()
	if fmt.Sprint(r.text) != fmt.Sprint(r.was) {
		r.t.Errorf("files were %v\nand are %v", r.was, r.text)
	}
}

// saw checks that these texts were shown, in this order.
func (r *rig) saw(texts ...string) {
	r.t.Helper()
	rest := r.shown.String()
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			r.t.Fatalf("no %q in\n%s", text, rest)
		}
		rest = after
	}
}

// values reads a written file back.
func (r *rig) values(p config.Place) map[string]string {
	r.t.Helper()
	d := p.Draft([]byte(r.text[p.Path]))
	if !d.Found || len(d.Faults) > 0 {
		r.t.Fatalf("%v in\n%s", d.Faults, r.text[p.Path])
	}
	values := map[string]string{}
	for _, k := range config.Keys() {
		values[k.String()] = k.Get(d.Config)
	}
	return values
}

func mainJSON() config.Place {
	return config.Place{Instance: "main", Path: "/etc/default/imon-main"}
}

// session are the answers of the session that the contract prints.
func session() []string {
	const none = ""
	return []string{
		"demo", "one line of info. Or not", "/bin/action",
		"y", none, none, none,
		"y", none, none, none, "1.1.1.1", "192.168.92.1,192.168.1.1", "8.8.8.8", "microsoft.com",
		"y", none, none, none, none, none,
		"eth1", "pnet", "192.168.42.1", none, none,
		"eth10", "snet", "192.168.62.1", none, none,
		"y", none, none, none, "1.1.1.1",
		"y",
	}
}

// off are the answers that enable updown alone.
func onlyUpdown(rest ...string) []string {
	return append([]string{"", "", "", "n", "y", "", "", "", "1.1.1.1", "", "", "", "n", "n"}, rest...)
}

var errDenied = fmt.Errorf("cannot write %q: %w", "/etc/default/imon-main", os.ErrPermission)

var errNetwork = errors.New("network is unreachable")
