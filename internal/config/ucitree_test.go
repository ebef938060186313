package config

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/digineo/go-uci/v2"
	"github.com/google/go-cmp/cmp"
)

// hard are values that go-uci's own reader or writer gets wrong.
func hard() []string {
	return []string{"a", "a", "it's", "", "line\nline", `back\slash`, `"`, "#", " ", "ü", "\xff", "\r", "a"}
}

// The tree has each value as the parser has read it.
func TestTreeKeepsHardValues(t *testing.T) {
	text := "config instance main\n"
	for _, v := range hard() {
		text += "list l " + quoted(v) + "\n"
	}
	tree, faults := readUCI("x", []byte(text))
	if faults != nil {
		t.Fatal(faults)
	}
	got, ok := tree.tree.Get(inMemory, "main", "l")
	if diff := cmp.Diff(hard(), got); diff != "" || !ok {
		t.Errorf("%v (-want +got):\n%s", ok, diff)
	}
	if got, _ := tree.tree.GetSections(inMemory, instanceType); !slices.Equal(got, []string{"main"}) {
		t.Errorf("sections %q", got)
	}
}

// The tree never looks for a file, whatever is asked of it.
func TestTreeReadsNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"imon", "main", "config"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("config instance 'main'\n\toption l 'file'\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"", "config instance other\n option x 1\n", "config instance\n option l 1\n"} {
		tree, faults := readUCI("imon", []byte(text))
		if faults != nil {
			t.Fatal(faults)
		}
		for range 2 {
			if got, ok := tree.tree.Get(inMemory, "main", "l"); ok || got != nil {
				t.Errorf("%q: %q, %v", text, got, ok)
			}
		}
		if err := tree.tree.LoadConfig(inMemory, true); err == nil {
			t.Errorf("%q: a file was read", text)
		}
	}
}

// The reasons for which go-uci gets no text: as long as these hold, it must not.
func TestWhatTheLibraryCannotRead(t *testing.T) {
	dir := t.TempDir()
	read := func(text string) ([]string, error) {
		if err := os.WriteFile(filepath.Join(dir, "imon"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		tree := uci.NewTree(dir)
		err := tree.LoadConfig("imon", false)
		values, _ := tree.Get("imon", "main", "l")
		return values, err
	}
	if values, err := read("config instance 'main'\n\tlist l 'a'\n\tlist l 'a'\n"); err != nil || len(values) != 1 {
		t.Errorf("equal values are kept now: %q, %v", values, err)
	}
	for _, text := range []string{`'it'\''s'`, "''", "'a\nb'", "'a'\r"} {
		if values, err := read("config instance 'main'\n\toption l " + text + "\n"); err == nil {
			t.Errorf("%s can be read now: %q", text, values)
		}
	}
}
