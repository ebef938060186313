package ddns

import (
	"slices"
	"time"
)

// next is the source to ask now: of the kind that costs least or, when there is an
// answer that needs another one, of the kind that is believed most; in turn; not one
// that was asked in this poll, and not the one that was asked last while another is
// off the bench.
func (s state) next(r rules, now time.Duration) int {
	again, seated := nobody, nobody
	for _, p := range s.order(r, now) {
		b := s.bench[p]
		switch {
		case b.free(now) && p != s.last:
			return p
		case b.free(now):
			again = p
		case seated == nobody && !b.barred:
			seated = p
		}
	}
	if again != nobody {
		return again
	}
	return seated
}

// order is whom this poll may ask yet, the one who is best asked first.
func (s state) order(r rules, now time.Duration) (all []int) {
	order, confirm := []int{byDNS, byHTTP, byCommand}, len(s.answers()) > 0
	if confirm {
		order = []int{byHTTP, byCommand, byDNS}
	}
	for _, kind := range order {
		if s.open(r, kind, now) {
			all = append(all, s.left(r, kind)...)
		}
	}
	if confirm {
		slices.SortStableFunc(all, func(a, b int) int { return rank(r.sources[b].secure()) - rank(r.sources[a].secure()) })
	}
	return all
}

// open reports whether this poll may ask a source of the kind: not after enough have
// failed or answered in it, not one whose answer would change nothing, and for a first
// answer no more often than is the kind's due, unless there is a reason to hurry.
func (s state) open(r rules, kind int, now time.Duration) bool {
	failed, answered := s.count(r, kind)
	switch {
	case failed >= enough || answered >= enough:
		return false
	case len(s.answers()) == 0:
		return s.eager || s.polled[kind] == 0 || s.polled[kind] == s.begun || now >= s.polled[kind]+r.pause(kind)
	case kind == byDNS:
		return answered == 0 || len(s.weighty(r)) == 0
	}
	return true
}

// left are the sources of a kind that were not asked in this poll, in turn.
func (s state) left(r rules, kind int) (all []int) {
	for i := range r.sources {
		p := (s.turns[kind] + 1 + i) % len(r.sources)
		if r.sources[p].kind() == kind && !slices.ContainsFunc(s.reply, func(r reply) bool { return r.source == p }) {
			all = append(all, p)
		}
	}
	return all
}

func rank(first bool) int {
	if first {
		return 1
	}
	return 0
}

// count is how many of a kind have failed and have answered in this poll.
func (s state) count(r rules, kind int) (failed, answered int) {
	for _, p := range s.reply {
		switch {
		case r.sources[p.source].kind() != kind:
		case p.err != nil:
			failed++
		default:
			answered++
		}
	}
	return failed, answered
}
