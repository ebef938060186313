package lab

import (
	"os"
	"testing"
)

// Start raises a lab for a test and closes it when the test ends. Without root
// or the tools the test fails with one sentence, unless the environment has
// IMON_SKIP_ROOT_TESTS=1: then it is skipped.
func Start(t testing.TB, options ...Option) *Lab {
	t.Helper()
	if err := requirements(); err != nil {
		if os.Getenv("IMON_SKIP_ROOT_TESTS") == "1" {
			t.Skip(err)
		}
		t.Fatalf("%v; set IMON_SKIP_ROOT_TESTS=1 to skip such tests", err)
	}
	l, err := New(t.Context(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("cannot close lab: %v", err)
		}
	})
	return l
}
