package probe

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkPing measures rounds on loopback. CPU is that of the whole process,
// so "lost" shows what it costs that pro-bing polls while it waits; divide by
// its 0.1 s to compare.
func BenchmarkPing(b *testing.B) {
	needRoot(b)
	newPeer(b, "bench0", "10.99.1.1/24", "10.99.1.2/24").silent()
	b.Run("answered", func(b *testing.B) {
		rounds(b, EchoRequest{Target: "127.0.0.1", Count: 1, Wait: time.Second}, true)
	})
	b.Run("answered by path", func(b *testing.B) {
		rounds(b, EchoRequest{Target: "127.0.0.1", Count: 1, Wait: time.Second, Path: Path{addr("127.0.0.1"), "lo"}}, true)
	})
	b.Run("lost", func(b *testing.B) {
		rounds(b, EchoRequest{Target: "10.99.1.2", Count: 1, Wait: 100 * time.Millisecond}, false)
	})
	b.Run("no route", func(b *testing.B) {
		rounds(b, EchoRequest{Target: "198.51.100.1", Count: 1, Wait: time.Second}, false)
	})
}

// BenchmarkTLS measures one question to a provider by TLS on loopback. CPU is that
// of both ends.
func BenchmarkTLS(b *testing.B) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "8.8.4.4") }))
	defer s.Close()
	h := newHTTP()
	h.Timeout = time.Minute // an emulated processor takes seconds
	h.roots = x509.NewCertPool()
	h.roots.AddCert(s.Certificate())
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		if _, err := h.Address(b.Context(), s.URL, Path{}, IPv4); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

func rounds(b *testing.B, r EchoRequest, alive bool) {
	p := newPinger()
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		if p.Ping(b.Context(), r).Alive() != alive {
			b.Fatal("not as expected")
		}
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpu is the CPU time that this process has used.
func cpu(b *testing.B) time.Duration {
	var u unix.Rusage
	check(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
