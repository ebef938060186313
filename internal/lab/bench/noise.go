package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
)

// noise is how long a trivial request for a link waited for the kernel's lock
// of all network settings (rtnl), which every namespace of the machine shares:
// where others raise and remove labs, nobody's route changes at once.
type noise struct {
	cancel context.CancelFunc
	done   chan []time.Duration
}

// listen asks ten times a second until it is told to stop.
func listen(ctx context.Context) *noise {
	n := &noise{done: make(chan []time.Duration, 1)}
	ctx, n.cancel = context.WithCancel(ctx)
	go func() {
		var waits []time.Duration
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				begin := time.Now()
				netlink.LinkByIndex(1) // the answer does not matter
				waits = append(waits, time.Since(begin))
			case <-ctx.Done():
				n.done <- waits
				return
			}
		}
	}()
	return n
}

// stop ends it and says what was heard.
func (n *noise) stop() string {
	n.cancel()
	waits := <-n.done
	if len(waits) == 0 {
		return "not measured"
	}
	slices.Sort(waits)
	return fmt.Sprintf("median %v, p99 %v, max %v", rank(waits, 50).Round(time.Microsecond),
		rank(waits, 99).Round(time.Microsecond), rank(waits, 100).Round(time.Microsecond))
}
