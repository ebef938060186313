package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/progress"
	"github.com/ejgeiger/imon/internal/schedule"
)

// manager is the service manager that started this process, systemd with
// Type=notify. Where there is none, nothing is told to anybody. The messages are
// those of sd_notify(3); one that does not arrive is no reason to stop watching
// the network.
type manager struct{ say teller }

// ready says that the configuration is in force and which monitors it enables.
func (m manager) ready(cfg config.Config) {
	m.tell(systemd.SdNotifyReady, "STATUS=Running: "+strings.Join(cfg.Enabled(), ", "))
}

// reloading says that the configuration is being read again; ready or kept ends that.
func (m manager) reloading() {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // it always works on Linux
	m.tell(systemd.SdNotifyReloading, fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/1000))
}

// kept says that the configuration that was read changes nothing.
func (m manager) kept() { m.tell(systemd.SdNotifyReady) }

// stopping says that the process is about to end.
func (m manager) stopping() { m.tell(systemd.SdNotifyStopping) }

func (m manager) tell(lines ...string) {
	if _, err := systemd.SdNotify(false, strings.Join(lines, "\n")); err != nil {
		m.say.warn("Cannot notify the service manager: " + err.Error())
	}
}

// watchdog feeds the watchdog of the service manager as long as every monitor
// makes progress. When one hangs for good, the manager ends imon and starts it
// again, and the log has the stack of each goroutine.
type watchdog struct {
	manager
	progress *progress.Watch
	every    time.Duration // between two feeds
}

// newWatchdog returns the watchdog job that the service manager asks for, or
// false when it does not ask.
func newWatchdog(m manager, p *progress.Watch) (watchdog, bool) {
	timeout, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		m.say.warn("No watchdog: " + err.Error())
	}
	// A third, so that one late timer on a busy machine is no reason to be ended.
	return watchdog{m, p, timeout / 3}, timeout > 0
}

// Run feeds until ctx is done and then returns nil.
func (w watchdog) Run(ctx context.Context) error {
	ticker := time.NewTicker(max(w.every, time.Millisecond))
	defer ticker.Stop()
	for hungry := false; ; {
		silent := w.progress.Overdue()
		if len(silent) == 0 {
			w.tell(systemd.SdNotifyWatchdog)
		} else if !hungry {
			for _, s := range silent {
				w.say.fail(fmt.Sprintf("The %s monitor has made no progress for %v: the service manager's watchdog is not fed any more",
					s.Monitor, s.For.Round(time.Second)))
			}
		}
		hungry = len(silent) > 0
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// slack is what a monitor may take in a round beside its echo requests: look-ups,
// DNS queries, web servers, a busy machine.
const slack = time.Minute

// longestSilence is how long a monitor may be silent: an interval, or the minute in
// which ddns may find out that nobody answers, and two rounds of requests, the second one for
// secondaries or for the gateway in place of a name that does not resolve.
func longestSilence(r config.Rounds) time.Duration {
	round := time.Duration(r.Count)*schedule.Spacing(r.Interval, r.Count) + r.Wait
	return max(r.Interval, time.Minute) + 2*round + slack
}
