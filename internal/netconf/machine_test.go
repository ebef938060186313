package netconf

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/afero"
)

// files are the files of a machine by their names.
type files map[string]string

// captured reads testdata/NAME.txt: a remark, and then each file below a line
// "-- name --".
func captured(t *testing.T, name string) files {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	all, file := files{}, ""
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "-- "); ok {
			file = strings.TrimSuffix(rest, " --\n")
			all[file] = ""
		} else if file != "" {
			all[file] += line
		}
	}
	if len(all) < 4 {
		t.Fatalf("only %d files in testdata/%s.txt", len(all), name)
	}
	return all
}

// with is f with other files: one whose text is "-" is absent, "?" only root may read.
func (f files) with(others files) files {
	f = maps.Clone(f)
	maps.Copy(f, others)
	return f
}

// secretive is a file system with files that only root may read.
type secretive struct {
	afero.Fs
	secret []string
}

func (s secretive) Open(name string) (afero.File, error) {
	if slices.Contains(s.secret, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return s.Fs.Open(name)
}

// system makes a file system of f.
func (f files) system(t *testing.T) afero.Fs {
	t.Helper()
	s := secretive{Fs: afero.NewMemMapFs()}
	for name, text := range f {
		switch text {
		case "-":
			continue
		case "?":
			s.secret = append(s.secret, name)
		}
		if err := afero.WriteFile(s.Fs, name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// advise is what is said of eth1, as imon check prints it.
func (f files) advise(t *testing.T, routed bool) string {
	t.Helper()
	return printed(Advise(f.system(t), "eth1", routed))
}

func printed(all []Advice) string {
	var b strings.Builder
	for _, a := range all {
		b.WriteString("% " + a.Sentence + "\n")
		for _, line := range a.Lines {
			b.WriteString("    " + line + "\n")
		}
	}
	return b.String()
}

// expectation is one row: files that differ from those captured, whether another
// program's default route is there, and what is said.
type expectation struct {
	name   string
	files  files
	routed bool
	want   string
}

// expect checks rows upon captured files.
func expect(t *testing.T, base files, rows []expectation) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if got := base.with(r.files).advise(t, r.routed); got != r.want {
				t.Errorf("got\n%swant\n%s", got, r.want)
			}
		})
	}
}
