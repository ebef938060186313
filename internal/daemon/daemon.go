// Package daemon keeps tasks running: a task that fails or panics is reported
// and started again, and no other task notices.
//
// A process that has to end in order uses two supervisors, one for the sinks
// that the other tasks report to and one for these tasks.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

const (
	firstPause  = time.Second     // before the first restart, doubled at each further one
	lastPause   = time.Minute     // the longest pause
	steadyAfter = 5 * time.Minute // a task that ran so long starts again from firstPause
)

// Job is something that runs until its context ends. When Run returns earlier,
// with or without an error, or panics, it is run again.
type Job interface {
	Run(ctx context.Context) error
}

// Supervisor runs tasks. Its methods may be called from any goroutine.
type Supervisor struct {
	ctx context.Context
	log event.Publisher

	mu    sync.Mutex
	tasks map[string]task
}

// task is one job that runs, or pauses before it runs again.
type task struct {
	cancel context.CancelFunc
	ended  chan struct{} // closed when the job has returned for good
}

// New returns a supervisor whose tasks run until ctx ends at the latest, and
// which reports their failures to log as messages. A message of a task that
// has a monitor's name belongs to that monitor.
func New(ctx context.Context, log event.Publisher) *Supervisor {
	return &Supervisor{ctx: ctx, log: log, tasks: make(map[string]task)}
}

// Start runs job in the background under that name. A task that has the name
// already is told to end, and job begins when it has: two tasks of one name
// never run at the same time, and nobody waits.
func (s *Supervisor) Start(name string, job Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, replaced := s.tasks[name]
	ctx, cancel := context.WithCancel(s.ctx)
	t := task{cancel, make(chan struct{})}
	s.tasks[name] = t
	if replaced {
		before.cancel()
	}
	go func() {
		defer s.forget(name, t)
		if replaced {
			<-before.ended
			if ctx.Err() != nil {
				return
			}
		}
		s.keep(ctx, name, job)
	}()
}

// Stop tells the task of that name to end and does not wait for it. There being
// none is no failure.
func (s *Supervisor) Stop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.tasks[name]; ok {
		t.cancel()
	}
}

// Wait waits until the supervisor's context ends and then for the tasks, no
// longer than grace for all of them. Its error names those that still run.
func (s *Supervisor) Wait(grace time.Duration) error {
	<-s.ctx.Done()
	limit, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var late []string
	for name, t := range s.running() {
		select {
		case <-t.ended:
		case <-limit.Done():
		}
		select {
		case <-t.ended:
		default:
			late = append(late, name)
		}
	}
	if late == nil {
		return nil
	}
	slices.Sort(late)
	return fmt.Errorf("tasks still running after %v: %s", grace, strings.Join(late, ", "))
}

// running is a copy of the tasks that have not ended.
func (s *Supervisor) running() map[string]task {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.tasks)
}

// forget notes that t, of that name, has ended.
func (s *Supervisor) forget(name string, t task) {
	s.mu.Lock()
	if s.tasks[name].ended == t.ended { // it has no successor
		delete(s.tasks, name)
	}
	s.mu.Unlock()
	t.cancel()
	close(t.ended)
}

// keep runs job again and again until ctx ends.
func (s *Supervisor) keep(ctx context.Context, name string, job Job) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		began := time.Now()
		err := once(ctx, job)
		if ctx.Err() != nil {
			if err != nil && !errors.Is(err, ctx.Err()) {
				s.report(name, err, "")
			}
			return
		}
		if err == nil {
			err = errEarly
		}
		if time.Since(began) >= steadyAfter {
			pause = firstPause
		}
		s.report(name, err, fmt.Sprintf("; it starts again in %v", pause))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// report logs that the task failed, then what follows the first line of err:
// the stack of a panic, each line by itself because a log line has no breaks.
func (s *Supervisor) report(name string, err error, then string) {
	text, rest, _ := strings.Cut(err.Error(), "\n")
	s.say(name, "Task "+name+" failed: "+text+then)
	for line := range strings.Lines(rest) {
		s.say(name, strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    "))
	}
}

// say publishes one line about the task.
func (s *Supervisor) say(name, text string) {
	e := event.Event{Kind: event.Message, Time: time.Now(), Severity: event.Error, Text: text}
	switch name {
	case event.DDNS, event.Updown, event.Failover, event.Ping:
		e.Monitor = name
	}
	s.log.Publish(e)
}
