package failover

import (
	"slices"
	"strings"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
)

// longSilence is how many rounds by each of its uplinks a target may fail to answer
// from the start on, while others do, until it is named.
const longSilence = 10

// targets is what is known of each target that has never answered so far. One that
// has answered once is no longer in it.
type targets map[string]*silence

// silence is how often a target did not answer.
type silence struct {
	rounds int
	enough int // rounds
}

// newTargets returns what is known before the first round.
func newTargets(uplinks []config.Uplink) targets {
	all := targets{}
	for _, u := range uplinks {
		for _, name := range u.Targets {
			if all[name] == nil {
				all[name] = &silence{}
			}
			all[name].enough += longSilence
		}
	}
	return all
}

// accuse names the targets that have never answered by any uplink, though another
// target by the same uplinks did: it is they that are at fault, and not the uplinks.
func (l *loop) accuse(r *round) {
	for i := range r.uplinks {
		answers := r.uplinks[i].answers
		heard := slices.ContainsFunc(answers, func(a answer) bool { return a.result.Alive() })
		for _, a := range answers {
			l.charge(a, heard && !r.uplinks[i].stale)
		}
	}
}

// charge counts one answer for or against its target.
func (l *loop) charge(a answer, heard bool) {
	s := l.targets[a.target]
	switch {
	case s == nil:
	case a.result.Alive():
		delete(l.targets, a.target)
	case heard && !a.result.Unknown():
		if s.rounds++; s.rounds >= s.enough {
			l.say(event.Warning, "Target %s has never answered by any network, though others do: it is at fault, not they", a.target)
			delete(l.targets, a.target)
		}
	}
}

// noteName says once of names that do not resolve what was probed instead.
func (l *loop) noteName(r *round, i int) {
	var names []string
	for _, a := range r.uplinks[i].answers {
		if a.unresolved != "" {
			names = append(names, a.unresolved)
		}
	}
	again := l.unresolved[i]
	l.unresolved[i] = len(names) > 0
	if len(names) > 0 && !again {
		slices.Sort(names)
		l.say(event.Warning, "cannot resolve '%s': probing gateway %s of %s Network instead",
			strings.Join(names, "', '"), l.gateway(i), event.Role(i))
	}
}
