package metrics

import "time"

// buckets is how many buckets a histogram has, that for all above the last bound included.
const buckets = 12

// bounds are the upper bounds of the others in seconds: from a gateway in the house to a
// satellite.
func bounds() [buckets - 1]float64 {
	return [...]float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5}
}

// histogram counts durations by length.
type histogram struct {
	counts [buckets]uint64 // of each bucket alone
	sum    time.Duration
}

func (h *histogram) observe(d time.Duration) {
	i := 0
	for _, bound := range bounds() {
		if d.Seconds() <= bound {
			break
		}
		i++
	}
	h.counts[i]++
	h.sum += d
}

// write writes the three metrics that a histogram is, with the labels of its series.
func (h *histogram) write(p *page, name string, labels []string) {
	sum := uint64(0)
	for i, bound := range bounds() {
		sum += h.counts[i]
		p.sample(name+"_bucket", float64(sum), append(labels, "le", number(bound))...)
	}
	sum += h.counts[buckets-1]
	p.sample(name+"_bucket", float64(sum), append(labels, "le", "+Inf")...)
	p.sample(name+"_sum", h.sum.Seconds(), labels...)
	p.sample(name+"_count", float64(sum), labels...)
}
