package ddns

import (
	"net/netip"
	"slices"
)

// Who is believed in a poll. A word of DNS can be changed on the way, and a provider
// that takes all questions for its own name server, or a network behind a login page,
// does so without malice: several names then tell the same wrong address. A plain web
// page can be changed, too, one by TLS cannot. So:
//
//	answers of this poll                              believed
//	one, and it is what is known                      it: nothing has changed
//	one, and there is no other source                 it: the user wants it so
//	two web servers (or programs) agree               what they say, whatever DNS says
//	... and one by TLS says something else            not those without TLS
//	nobody is left to ask, and then
//	  one web server's answer is what is known        it, whatever DNS says
//	  DNS says what one of no more than two says      it
//	  only DNS answers, no web server's answer was
//	  refused, and two names agree                    it
//	  ... but what is known is something else, and a
//	  web server has failed                           it, when the next poll says the same
//	anything else                                     nothing: what is known stays
//
// (When the address changes in the middle of a poll, three web servers may say three
// things, and one that lies must not win with DNS that does.)
//
// And those that fail then are those that would tell the truth: their connections are
// of the address that is gone.
//
// So an address that is news has always two sources that differ, and those who said
// another one are asked again later, like one that failed.

// winner is the answer that decides the poll before everybody was asked.
func (s state) winner(r rules) (reply, bool) {
	answers := s.answers()
	if len(answers) == 1 {
		return answers[0], answers[0].address == s.known || len(r.sources) == 1
	}
	return pair(s.weighty(r))
}

// lastWord is the answer that decides when nobody is left to ask.
func (s state) lastWord(r rules) (reply, bool) {
	web, dns := s.weighty(r), s.byName(r)
	switch {
	case len(web) == 0 && slices.ContainsFunc(s.reply, func(p reply) bool { return refused(p.err) && !r.dns(p) }):
		return reply{}, false
	case len(web) == 0:
		return pair(dns)
	case len(web) == 1 && web[0].address == s.known:
		return web[0], true
	case len(web) > 2:
		return reply{}, false
	}
	i := slices.IndexFunc(web, func(w reply) bool { return says(dns, w.address) })
	if i < 0 {
		return reply{}, false
	}
	return web[i], true
}

// doubtful reports whether what is said last has to be said twice: it is news, and there
// are web servers that might contradict.
func (s state) doubtful(r rules, winner reply) bool {
	return s.known.IsValid() && winner.address != s.known && winner.address != s.doubted &&
		slices.ContainsFunc(s.reply, func(p reply) bool { return p.err != nil && !r.dns(p) })
}

// answers are the replies that hold an address.
func (s state) answers() []reply {
	return slices.DeleteFunc(slices.Clone(s.reply), func(p reply) bool { return p.err != nil })
}

// byName are the answers by DNS.
func (s state) byName(r rules) []reply {
	return slices.DeleteFunc(s.answers(), func(p reply) bool { return !r.dns(p) })
}

// weighty are the answers of web servers and programs: those by TLS and what does not
// contradict them.
func (s state) weighty(r rules) []reply {
	all := slices.DeleteFunc(s.answers(), r.dns)
	sure := slices.DeleteFunc(slices.Clone(all), func(p reply) bool { return !r.sources[p.source].secure() })
	return slices.DeleteFunc(all, func(p reply) bool {
		return r.sources[p.source].kind() == byHTTP && len(sure) > 0 && !says(sure, p.address)
	})
}

// dns reports whether p was said by DNS.
func (r rules) dns(p reply) bool { return r.sources[p.source].kind() == byDNS }

func says(all []reply, a netip.Addr) bool {
	return slices.ContainsFunc(all, func(p reply) bool { return p.address == a })
}

// pair is the first of two answers that agree.
func pair(all []reply) (reply, bool) {
	for i, a := range all {
		if says(all[i+1:], a.address) {
			return a, true
		}
	}
	return reply{}, false
}

// lacking is why nothing is believed, and nobody is left to ask.
func (s state) lacking(r rules) string {
	text, answers := r.quote(s.reply), s.answers()
	switch {
	case text == "":
		return "nobody may be asked now"
	case len(answers) == 0:
		return text
	case slices.ContainsFunc(answers, func(p reply) bool { return p.address != answers[0].address }):
		return "providers disagree: " + text
	}
	return text + "; nobody confirms it"
}
