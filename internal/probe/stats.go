package probe

import "time"

// Stats are the figures of one round of echo requests.
type Stats struct {
	Min, Avg, Max time.Duration // round-trip times; zero when nothing was answered
	Jitter        time.Duration // mean |RTT(i)-RTT(i+1)| of the answers in order; zero for fewer than two
	Loss          float64       // unanswered ÷ planned, 0 to 1
}

// Stats computes the figures of r. A round that planned nothing lost everything:
// there is no evidence of an answer.
func (r Result) Stats() Stats {
	if !r.Alive() || r.Sent < 1 {
		return Stats{Loss: 1}
	}
	s := Stats{
		Min:    r.RTTs[0],
		Max:    r.RTTs[0],
		Jitter: jitter(r.RTTs),
		Loss:   max(0, 1-float64(len(r.RTTs))/float64(r.Sent)),
	}
	var sum time.Duration
	for _, rtt := range r.RTTs {
		sum += rtt
		s.Min, s.Max = min(s.Min, rtt), max(s.Max, rtt)
	}
	s.Avg = sum / time.Duration(len(r.RTTs))
	return s
}

// jitter is the mean absolute difference of neighbours.
func jitter(rtts []time.Duration) time.Duration {
	if len(rtts) < 2 {
		return 0
	}
	var sum time.Duration
	for i, rtt := range rtts[1:] {
		sum += (rtt - rtts[i]).Abs()
	}
	return sum / time.Duration(len(rtts)-1)
}
