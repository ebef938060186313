package config

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/afero"
)

const (
	testFile   = "/etc/default/imon-main"
	testAction = "/usr/local/bin/imon-action"
)

// disk is a file system with the given text as instance file and an action
// script.
func disk(t testing.TB, text string) afero.Fs {
	t.Helper()
	fs := afero.NewMemMapFs()
	put := func(name, text string, mode os.FileMode) {
		if err := afero.WriteFile(fs, name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	put(testFile, text, 0o644)
	put(testAction, "#!/bin/sh\n", 0o755)
	put("/usr/local/bin/plain", "#!/bin/sh\n", 0o644)
	if err := fs.Mkdir("/usr/local/lib", 0o755); err != nil {
		t.Fatal(err)
	}
	return fs
}

// load loads text as the file of instance main.
func load(t testing.TB, text string) (Config, []Warning, error) {
	t.Helper()
	return Load(disk(t, text), "main", "")
}

// mustLoad loads text and expects no fault.
func mustLoad(t testing.TB, text string) (Config, []Warning) {
	t.Helper()
	c, warnings, err := load(t, text)
	if err != nil {
		t.Fatalf("Load: %v\n%s", err, text)
	}
	return c, warnings
}

// wantFaults compares the sentences of an error word for word.
func wantFaults(t testing.TB, err error, want ...string) {
	t.Helper()
	var faults Faults
	if err != nil && !errors.As(err, &faults) {
		t.Fatalf("error of type %T, want Faults", err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Error())
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if err != nil && err.Error() != strings.Join(got, "\n") {
		t.Errorf("Faults.Error() = %q", err)
	}
}

// wantWarnings compares warnings word for word.
func wantWarnings(t testing.TB, warnings []Warning, want ...string) {
	t.Helper()
	var got []string
	for _, w := range warnings {
		got = append(got, w.String())
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// ping is a file whose ping section is enabled and has more lines in it. They
// begin at line 2.
func ping(lines string) string {
	return `{"ping": {"enable": true, "monitorip": "192.0.2.1",
` + lines + `}}`
}

// failover is a complete failover section with more lines in it, from line 5.
func failover(enable, lines string) string {
	return `{"failover": {"enable": ` + enable + `,
"primary-if": "eth1", "primary-gw": "192.0.2.1",
"standby-if": "eth2", "standby-gw": "198.51.100.1",
"pingcount": 2,
` + lines + `},
"ping": {"enable": true, "monitorip": "192.0.2.9"}}`
}
