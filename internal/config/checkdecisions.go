package config

import (
	"fmt"
	"time"
)

// decisions checks that the settings by which failover decides go together. A
// recovery threshold of 0 is the failure threshold.
func (b *builder) decisions() {
	f := b.c.Failover
	for i, q := range []Quality{f.Quality, b.c.Ping.Quality} {
		section := []string{"failover", "ping"}[i]
		b.notAbove(section, "recovery-loss", q.RecoveryLoss > q.FailureLoss, "failure-loss")
		b.notAbove(section, "recovery-rtt", q.RecoveryRTT > q.FailureRTT, "failure-rtt")
		b.notAbove(section, "recovery-jitter", q.RecoveryJitter > q.FailureJitter, "failure-jitter")
	}
	b.notAbove("failover", "hold", f.Hold > f.HoldMax, "hold-max")
	b.measurable()
}

// notAbove refuses the value of a key if it is above that of another one.
func (b *builder) notAbove(section, key string, above bool, limit string) {
	if above {
		b.wrongKey(section, key, fmt.Sprintf("must not be above %s, which is %s", limit, b.key(section, limit).Get(b.c)))
	}
}

// wrongKey is a wrong value of a key.
func (b *builder) wrongKey(section, key, rule string) {
	k := b.key(section, key)
	b.wrong(k, b.doc.at(b.doc.section(k.Section).lineOf(k.Name), k.fault(k.Get(b.c), rule)))
}

// key is the key of a section of that name.
func (b *builder) key(section, name string) Key {
	for _, k := range b.keys {
		if k.Section == section && k.Name == name {
			return k
		}
	}
	panic("config: there is no key " + section + "." + name)
}

// fewProbes is below how many probes in its window the quality of an uplink is not
// judged.
const fewProbes = 10

// measurable warns of a window that is too short for the quality to be judged.
func (b *builder) measurable() {
	f := b.c.Failover
	if !f.Quality.Measured() || !f.Enable {
		return
	}
	var need time.Duration
	for _, s := range b.sides() {
		for _, u := range s.uplinks {
			sent := f.Count * max(1, len(u.Targets)) // in a round
			need = max(need, time.Duration((fewProbes+sent-1)/sent)*f.Interval)
		}
	}
	if f.Quality.Window < need {
		b.warn(b.doc.section("failover").lineOf("quality-window"),
			fmt.Sprintf("%s should be at least %v", b.doc.name("failover", "quality-window"), need.Seconds()),
			fmt.Sprintf("Loss and times are not judged: fewer than %d requests are sent in quality-window", fewProbes))
	}
}
