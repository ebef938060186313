package sink

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAnswer(t *testing.T) {
	for script, want := range map[string]string{
		"echo 8.8.4.4":                        "8.8.4.4\n",
		`echo "$IMON_INTERFACE"`:              "eth1\n",
		"exit 3":                              "exit status 3",
		"sleep 60":                            "timed out after 1s",
		"sleep 60 & sleep 60":                 "timed out after 1s",
		"sleep 3 2>/dev/null & echo 8.8.4.4":  "8.8.4.4\n",
		"head -c 2000 /dev/zero | tr '\\0' x": "it prints more than 1024 bytes",
		"head -c 1024 /dev/zero | tr '\\0' x": strings.Repeat("x", 1024),
	} {
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		got, err := Answer(t.Context(), path, []string{"IMON_INTERFACE=eth1"}, time.Second)
		if err != nil {
			got = err.Error()
		}
		if got != want || time.Since(begin) > 5*time.Second {
			t.Errorf("%s: %q after %v, want %q", script, got, time.Since(begin), want)
		}
	}
	if _, err := Answer(t.Context(), "/nonexistent", nil, time.Second); err == nil || err.Error() != "cannot start: no such file or directory" {
		t.Error(err)
	}
}
