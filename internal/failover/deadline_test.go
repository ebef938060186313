package failover

import (
	"testing"
	"time"
)

// How long a dead line is kept at most: the README promises it. The line dies just
// after an answer.
func TestDeadlineOfADeadLine(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	for _, c := range []struct {
		interval, failureInterval, wait time.Duration
		fall, count                     int
		want                            time.Duration
	}{
		{5 * s, s, s, 3, 1, 8 * s}, // as recommended
		{10 * s, s, s, 1, 1, 11 * s},
		{s, s, s, 3, 1, 4 * s},
		{10 * s, s, s, 3, 2, 10*s + 1200*ms + s + 1200*ms},
		{5 * s, s, 3 * s, 3, 1, 5*s + 3*s + s + 3*s},
	} {
		inRig(t, func(r *rig) {
			r.cfg.Interval, r.cfg.FailureInterval, r.cfg.Wait, r.cfg.Fall, r.cfg.Count = c.interval, c.failureInterval, c.wait, c.fall, c.count
		}, func(r *rig) {
			last := 3 * c.interval
			r.until(last + ms)
			r.prober.on(gateway1, silent)
			r.until(last + c.want - ms)
			if r.kernel.route() != 0 {
				t.Errorf("%+v: left too early", c)
			}
			if r.until(last + c.want); r.kernel.route() != 1 {
				t.Errorf("%+v: not left yet", c)
			}
		})
	}
}
