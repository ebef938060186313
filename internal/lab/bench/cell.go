package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	hopeless   = 3 // rounds in a row that never end are enough
	atOnce     = 8 // slow cells
	staleTries = 3 // labs in a row in which nothing could be measured
)

// cell is one contender with one fault.
type cell struct {
	contender contender
	scenario  scenario
	options   options
	samples   []sample
	usage     usage
	err       error
}

// cells are all pairs that were asked for.
func cells(o options, present []contender) []*cell {
	var all []*cell
	for _, s := range scenarios() {
		for _, c := range present {
			if containsLetter(o.faults, s.letter) {
				all = append(all, &cell{contender: c, scenario: s, options: o})
			}
		}
	}
	return all
}

// slow reports whether what is measured takes seconds, so that others may run
// meanwhile.
func (c *cell) slow() bool {
	return c.scenario.slow || c.contender.period >= 5*time.Second && (!c.contender.isImon() || c.scenario.letter == "e")
}

// play runs the cells: each of the fast ones alone, the slow ones side by side.
func play(ctx context.Context, all []*cell, progress io.Writer) error {
	var told sync.Mutex
	one := func(c *cell) {
		c.run(ctx)
		told.Lock()
		defer told.Unlock()
		fmt.Fprintln(progress, c)
	}
	for _, c := range all {
		if !c.slow() {
			one(c)
		}
	}
	var running sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for _, c := range all {
		if c.slow() {
			places <- struct{}{}
			running.Go(func() { one(c); <-places })
		}
	}
	running.Wait()
	return failures(all)
}

func failures(all []*cell) error {
	var errs []error
	for _, c := range all {
		if c.err != nil {
			errs = append(errs, fmt.Errorf("cannot measure %s with fault %s: %w", c.contender.name, c.scenario.letter, c.err))
		}
	}
	return errors.Join(errs...)
}

// failed notes an error.
func (c *cell) failed(err error) bool {
	if err != nil && c.err == nil {
		c.err = err
	}
	return err != nil
}

// run plays all rounds of the cell, in a new lab whenever the contender is in no
// state for another one.
func (c *cell) run(ctx context.Context) {
	for idle := 0; !c.done() && c.err == nil && ctx.Err() == nil; {
		before := len(c.samples)
		r, err := raise(ctx, c.options, c.contender, c.scenario.letter)
		if c.failed(err) {
			return
		}
		c.series(r)
		c.usage.add(r)
		c.failed(r.close())
		if idle++; len(c.samples) > before {
			idle = 0
		}
		if idle == staleTries && ctx.Err() == nil {
			c.failed(fmt.Errorf("no stream by the primary within %v; it printed last:\n%s", ready, r.said()))
		}
	}
}

// series plays rounds in one lab.
func (c *cell) series(r *rig) {
	for !c.done() && r.steady(0, calm, ready) {
		r.pause(time.Second + c.phase())
		s, again := c.scenario.play(c, r)
		if c.err != nil || r.ctx.Err() != nil {
			return
		}
		c.samples = append(c.samples, s)
		c.usage.look(r)
		if !again {
			return
		}
	}
}

// phase spreads the faults over the contender's period, where that matters.
func (c *cell) phase() time.Duration {
	period := c.contender.period
	if !c.slow() {
		period = min(period, time.Second)
	}
	return time.Duration(len(c.samples)%10) * period / 10
}

// done reports whether no other round is needed.
func (c *cell) done() bool {
	for _, s := range c.samples {
		if !s.never {
			return len(c.samples) >= c.options.rounds
		}
	}
	return len(c.samples) >= min(hopeless, c.options.rounds)
}

func (c *cell) String() string {
	f := c.figures()
	return fmt.Sprintf("%s  %-13s %2d rounds  median %s ms, max %s ms, lost %d", c.scenario.letter, c.contender.name,
		len(c.samples), f.show(f.median), f.show(f.max), f.lost)
}
