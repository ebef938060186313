package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// newDNS asks the server at address, with little patience.
func newDNS(address string) *DNS {
	d := NewDNS(NewResolver())
	d.Port = netip.MustParseAddrPort(address).Port()
	d.Timeout = 200 * time.Millisecond
	return d
}

func TestQuery(t *testing.T) {
	silent := func(*dns.Msg, bool) *dns.Msg { return nil }
	tests := []struct {
		name   string
		handle func(q *dns.Msg, tcp bool) *dns.Msg
		want   string // "" for no error
	}{
		{"A", func(q *dns.Msg, _ bool) *dns.Msg { return record(q, "x.example. A 192.0.2.1") }, ""},
		{"AAAA only", func(q *dns.Msg, _ bool) *dns.Msg {
			if q.Question[0].Qtype == dns.TypeAAAA {
				return record(q, "x.example. AAAA 2001:db8::1")
			}
			return record(q)
		}, ""},
		{"truncated", func(q *dns.Msg, tcp bool) *dns.Msg {
			m := record(q, "x.example. A 192.0.2.1")
			if !tcp {
				m = record(q)
			}
			m.Truncated = !tcp
			return m
		}, ""},
		{"truncated, nothing by TCP", func(q *dns.Msg, tcp bool) *dns.Msg {
			m := record(q, "x.example. A 192.0.2.1")
			m.Truncated = true
			if tcp {
				return nil
			}
			return m
		}, "no answer from 127.0.0.1 within 200ms"},
		{"truncated, other answer by TCP", func(q *dns.Msg, tcp bool) *dns.Msg {
			m := record(q, "x.example. A 192.0.2.1")
			m.Truncated = true
			if tcp {
				m.Id++
			}
			return m
		}, "no answer from 127.0.0.1: it does not answer the question"},
		{"other case", func(q *dns.Msg, _ bool) *dns.Msg {
			m := record(q, "x.example. A 192.0.2.1")
			m.Question[0].Name = strings.ToUpper(m.Question[0].Name)
			return m
		}, ""},
		{"empty", func(q *dns.Msg, _ bool) *dns.Msg { return record(q) },
			`server 127.0.0.1 answered no record for "x.example"`},
		{"NXDOMAIN", nxdomain, "server 127.0.0.1 answered NXDOMAIN"},
		{"SERVFAIL", func(q *dns.Msg, _ bool) *dns.Msg { return code(q, dns.RcodeServerFailure) },
			"server 127.0.0.1 answered SERVFAIL"},
		{"unknown code", func(q *dns.Msg, _ bool) *dns.Msg { return code(q, 14) }, "server 127.0.0.1 answered code 14"},
		{"silent", silent, "no answer from 127.0.0.1 within 200ms"},
		{"other id", func(q *dns.Msg, _ bool) *dns.Msg {
			m := record(q, "x.example. A 192.0.2.1")
			m.Id++
			return m
		}, "no answer from 127.0.0.1 within 200ms"},
		{"other question", func(q *dns.Msg, _ bool) *dns.Msg {
			m := record(q, "x.example. A 192.0.2.1")
			m.Question[0].Name = "y.example."
			return m
		}, "no answer from 127.0.0.1 within 200ms"},
		{"other type", func(q *dns.Msg, _ bool) *dns.Msg {
			m := record(q, "x.example. TXT a")
			m.Question[0].Qtype = dns.TypeTXT
			return m
		}, "no answer from 127.0.0.1 within 200ms"},
		{"our question back", func(q *dns.Msg, _ bool) *dns.Msg {
			q.Answer = record(q, "x.example. A 192.0.2.1").Answer
			return q
		}, "no answer from 127.0.0.1 within 200ms"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDNS(serveDNS(t, "127.0.0.1:0", test.handle))
			defer within(t, d.Timeout+100*time.Millisecond)()
			err := d.Query(t.Context(), "127.0.0.1", "x.example", Path{})
			if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestFault12CNAMEAnswerRefutes(t *testing.T) {
	d := newDNS(serveDNS(t, "127.0.0.1:0", func(q *dns.Msg, _ bool) *dns.Msg {
		return record(q, "www.example. CNAME cdn.example.")
	}))
	if err := d.Query(t.Context(), "127.0.0.1", "www.example", Path{}); err != nil {
		t.Error(err)
	}
}

func TestQueryIPv6(t *testing.T) {
	d := newDNS(serveDNS(t, "[::1]:0", func(q *dns.Msg, _ bool) *dns.Msg { return record(q, "x.example. A 192.0.2.1") }))
	if err := d.Query(t.Context(), "::1", "x.example", Path{}); err != nil {
		t.Error(err)
	}
}

func TestQueryAsksASecondTime(t *testing.T) {
	var asked atomic.Int32
	d := newDNS(serveDNS(t, "127.0.0.1:0", func(q *dns.Msg, _ bool) *dns.Msg {
		if q.Question[0].Name != "x.example." || asked.Add(1) == 1 {
			return nil
		}
		return record(q, "x.example. A 192.0.2.1")
	}))
	if err := d.Query(t.Context(), "127.0.0.1", "x.example.", Path{}); err != nil || asked.Load() != 2 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
}

func TestQueryCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := newDNS(serveDNS(t, "127.0.0.1:0", func(*dns.Msg, bool) *dns.Msg { cancel(); return nil }))
	d.Timeout = time.Minute
	defer within(t, 200*time.Millisecond)()
	if err := d.Query(ctx, "127.0.0.1", "x.example", Path{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestQueryThatCannotBePut(t *testing.T) {
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(t, err)
	nobody := closed.LocalAddr().String()
	closed.Close()
	missing := Path{addr("127.0.0.1"), "none0"}
	tests := []struct {
		server, name string
		path         Path
		want         error
		text         string
	}{
		{"127.0.0.1", "x.example", Path{}, nil, "no answer from 127.0.0.1: connection refused"},
		{"127.0.0.1", "x..example", Path{}, nil, `cannot ask for "x..example": not a domain name`},
		{"127.0.0.1", "", Path{}, nil, `cannot ask for "": not a domain name`},
		{"127.0.0.1", "x.example", missing, ErrNoRoute, "no route to 127.0.0.1 by none0: no such device"},
		{"no host", "x.example", Path{}, ErrResolve, `cannot resolve "no host": no such host`},
	}
	for _, test := range tests {
		err := newDNS(nobody).Query(t.Context(), test.server, test.name, test.path)
		if err == nil || err.Error() != test.text || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%v, want %q", err, test.text)
		}
	}
}

func TestQueryByPath(t *testing.T) {
	_, b := twoUplinks(t)
	address := ""
	b.in(func() {
		address = serveDNS(t, "10.99.9.9:0", func(q *dns.Msg, tcp bool) *dns.Msg {
			m := record(q, "x.example. A 192.0.2.1")
			m.Truncated = !tcp
			return m
		})
	})
	d := newDNS(address)
	d.Timeout = time.Second
	if err := d.Query(t.Context(), "10.99.9.9", "x.example", Path{addr("10.99.2.1"), "wan2"}); err != nil {
		t.Error(err)
	}
	if err := d.Query(t.Context(), "10.99.9.9", "x.example", Path{}); err == nil {
		t.Error("the server was reached by the other uplink, so this test tests nothing")
	}
}
