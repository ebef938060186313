package uplink

import (
	"slices"
	"testing"
	"time"
)

// median reports the median of the durations, in microseconds.
func median(b *testing.B, name string, d []time.Duration) {
	slices.Sort(d)
	b.ReportMetric(float64(d[len(d)/2].Nanoseconds())/1000, name+"-µs")
}

// BenchmarkSync is one look at the kernel that finds all in place.
func BenchmarkSync(b *testing.B) {
	w := newWorld(b)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	b.ReportAllocs()
	for b.Loop() {
		w.sync(r)
	}
}

// BenchmarkSetDefault is one switch, with reading back.
func BenchmarkSetDefault(b *testing.B) {
	w := newWorld(b)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	b.ReportAllocs()
	for n := 1; b.Loop(); n++ {
		w.setDefault(r, n%2)
	}
}

// BenchmarkLinkDown is the floor of a failover: from the beginning of "ip link
// set down" to the word of it, from the word to the Snapshot, and from there to
// the other default route.
func BenchmarkLinkDown(b *testing.B) {
	w := newWorld(b)
	r := w.router()
	changes := r.Watch(b.Context())
	w.sync(r)
	dev := w.link(w.here, "eth1")
	var call, word, snapshot, switched []time.Duration
	for b.Loop() {
		w.sync(r)
		w.setDefault(r, 0)
		quiet(changes)
		returned := make(chan time.Time, 1)
		begin := time.Now()
		go func() { w.here.LinkSetDown(dev); returned <- time.Now() }()
		told(b, changes, "a link")
		heard := time.Now()
		for w.sync(r).Uplinks[0].Usable() {
			told(b, changes, "a link")
		}
		listed := time.Now()
		w.setDefault(r, 1)
		switched = append(switched, time.Since(listed))
		snapshot = append(snapshot, listed.Sub(heard))
		word = append(word, heard.Sub(begin))
		call = append(call, (<-returned).Sub(begin))
		w.up("eth1")
	}
	median(b, "syscall", call)
	median(b, "word", word)
	median(b, "snapshot", snapshot)
	median(b, "switch", switched)
}

// BenchmarkCarrierLost is the same for a cable cut at the far end.
func BenchmarkCarrierLost(b *testing.B) {
	w := newWorld(b)
	r := w.router()
	changes := r.Watch(b.Context())
	far := w.link(w.isp[0].netlink, "peer")
	var word []time.Duration
	for b.Loop() {
		w.sync(r)
		quiet(changes)
		begin := time.Now()
		w.set(w.isp[0].netlink.LinkSetDown(far))
		told(b, changes, "a carrier")
		for w.sync(r).Uplinks[0].Usable() {
			told(b, changes, "a carrier")
		}
		word = append(word, time.Since(begin))
		w.set(w.isp[0].netlink.LinkSetUp(far))
	}
	median(b, "lost-to-snapshot", word)
}
