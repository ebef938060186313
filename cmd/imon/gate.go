package main

import (
	"context"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/daemon"
	"github.com/ejgeiger/imon/internal/event"
)

// gateLimit is how long the other monitors wait for failover at most.
const gateLimit = 10 * time.Second

// gate opens when failover has put a default route in place for the first
// time. Until then a machine that has just booted has none, and whatever the
// other monitors find out would be no news of the internet.
type gate struct {
	once sync.Once
	open chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

// Publish opens the gate when e says that there is a default route.
func (g *gate) Publish(e event.Event) {
	if e.Kind.Activates() {
		g.once.Do(func() { close(g.open) })
	}
}

// behind returns job, which then starts when the gate opens.
func (g *gate) behind(job daemon.Job) daemon.Job { return gated{g, job} }

// gated is a job that waits for a gate.
type gated struct {
	*gate
	job daemon.Job
}

// Run waits, then runs the job until ctx ends.
func (g gated) Run(ctx context.Context) error {
	limit := time.NewTimer(gateLimit)
	defer limit.Stop()
	select {
	case <-g.open:
	case <-limit.C:
	case <-ctx.Done():
		return nil
	}
	return g.job.Run(ctx)
}
