package failover

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/uplink"
)

// remarks is what was said last of things that are said once, until they change.
type remarks struct {
	mute      bool     // the last Sync failed
	foreign   []string // the other default routes that win
	managed   []string // the other default routes that were taken away
	contested string   // why they are not taken away any more
	clinging  bool     // flows could not be taken off an uplink
	uncounted bool     // replies to the LAN cannot be counted
	spareless bool     // there may be no spare
}

// sayMute says, once until it works again, that the kernel does not comply.
func (l *loop) sayMute(err error) {
	if err != nil && !l.said.mute {
		why := strings.ReplaceAll(err.Error(), "\n", "; ")
		if errors.Is(err, fs.ErrPermission) {
			why += " (it takes root, or the capability CAP_NET_ADMIN)"
		}
		l.say(event.Error, "Cannot keep the routes of the uplinks in order: %s; will try again", why)
	}
	l.said.mute = err != nil
}

// saySnapshot says, whenever it changes, what becomes of other programs' default routes.
func (l *loop) saySnapshot(s uplink.Snapshot) {
	l.sayForeign(s.Foreign)
	managed := slices.Sorted(slices.Values(s.Managed))
	if !slices.Equal(managed, l.said.managed) && len(managed) > 0 {
		l.say(event.Notice, "Default routes of other programs set aside: %s", strings.Join(managed, ", "))
	}
	if s.Contested != "" && s.Contested != l.said.contested {
		l.say(event.Warning, "%s", s.Contested)
	}
	l.said.managed, l.said.contested = managed, s.Contested
}

// sayForeign says, whenever it changes, which routes win over ours.
func (l *loop) sayForeign(routes []string) {
	routes = slices.Sorted(slices.Values(routes))
	if slices.Equal(routes, l.said.foreign) {
		return
	}
	l.said.foreign = routes
	if len(routes) == 0 {
		l.say(event.Notice, "No other default route wins over imon's any more")
		return
	}
	l.say(event.Warning, "Another default route wins over imon's: %s; traffic does not follow failover", strings.Join(routes, ", "))
}

// sayClinging says once that flows may stay where they are.
func (l *loop) sayClinging(err error) {
	if err != nil && !l.said.clinging {
		l.say(event.Info, "Flows under SNAT rules may stay on the former uplink until they time out: %v", err)
	}
	l.said.clinging = err != nil
}

// saySpareless says, once until it works again, that there may be no spare.
func (l *loop) saySpareless(err error) {
	if err != nil && !l.said.spareless {
		l.say(event.Info, "A lost interface may cost some milliseconds: %v", err)
	}
	l.said.spareless = err != nil
}

// sayUncounted says once that there is no passive evidence to be had.
func (l *loop) sayUncounted(err error) {
	if !l.said.uncounted {
		l.say(event.Warning, "Cannot count replies to the LAN: %v; passive-rounds has no effect", err)
	}
	l.said.uncounted = true
}

func (l *loop) say(severity event.Severity, format string, args ...any) {
	l.publish(event.Event{Kind: event.Message, Severity: severity, Text: fmt.Sprintf(format, args...)})
}

func (l *loop) publish(e event.Event) {
	e.Time, e.Monitor, e.DryRun = time.Now(), l.name, l.cfg.DryRun
	l.events.Publish(e)
}
