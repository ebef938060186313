package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// launch starts imon in the lab.
func launch(b *testing.B, l *lab.Lab, c lab.Config) *lab.Program {
	b.Helper()
	p, err := l.Imon(b.Context(), os.Getenv("IMON_BINARY"), c.JSON())
	must(b, err)
	b.Cleanup(func() {
		if b.Failed() {
			b.Logf("imon printed:\n%s", p.Text())
		}
	})
	return p
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// await waits for a line after from.
func await(b *testing.B, p *lab.Program, from time.Time, text string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 3*patience)
	defer cancel()
	_, err := p.Await(ctx, from, text)
	must(b, err)
}
