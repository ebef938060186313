package update

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/miekg/dns"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
)

// printable checks what is said of a stranger's answer.
func printable(t *testing.T, err error) {
	t.Helper()
	if err != nil && (len(err.Error()) > 400 || err.Error() == "" || strings.ContainsFunc(err.Error(), unicode.IsControl)) {
		t.Errorf("says %q", err)
	}
}

// FuzzVerdict takes any answer of a provider: what it says is one line, and a
// refusal ends some day.
func FuzzVerdict(f *testing.F) {
	for _, s := range []string{"good 192.0.2.1", "nochg", "badauth", "911", "OK", "KO", "\x1b[2J", "<html>\n", "", "good\x00", "abuse \xff"} {
		f.Add(200, s, int64(0), true)
	}
	f.Add(429, "x", int64(1<<62), false)
	f.Fuzz(func(t *testing.T, status int, body string, pause int64, strict bool) {
		err := verdict(probe.Page{Status: status, Body: body, Pause: time.Duration(pause)}, strict)
		printable(t, err)
		if err == nil && (status < 200 || status > 299) {
			t.Errorf("status %d is a success", status)
		}
		if r, refused := err.(*refusal); refused && (r.hold <= 0 || r.hold > 366*24*time.Hour) {
			t.Errorf("status %d, %q: not again for %v", status, body, r.hold)
		}
	})
}

// FuzzKey reads any key file. What goes wrong is told without what stands in it.
func FuzzKey(f *testing.F) {
	f.Add("Z2VoZWlt\n")
	f.Add("key \"imon\" {\n\talgorithm hmac-sha256;\n\tsecret \"Z2VoZWlt\";\n};\n")
	f.Add("secret geheim; key")
	f.Fuzz(func(t *testing.T, content string) {
		k := key{name: "n", algorithm: "hmac-sha256"}
		err := k.read(content)
		printable(t, err)
		if err == nil && k.secret == "" {
			t.Error("a key without a secret")
		}
	})
}

// FuzzKept starts with any file of what was delivered before, and keeps that.
func FuzzKept(f *testing.F) {
	f.Add(`{"version":1,"settings":"x","records":{"":{"hostname":"h.example","addresses":["192.0.2.1"],"delivered":"2026-01-01T00:00:00Z"}}}`)
	f.Add(`{"version":1,"records":{"primary":{"refused_until":"9999-12-31T23:59:59Z"}}}`)
	f.Add(`{"version":2}`)
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, text string) {
		w := newWorld("192.0.2.1")
		w.shelf = []byte(text)
		s := New(Network{Web: w, DNS: w, Clock: time.Now, Read: func(string) ([]byte, error) { return nil, nil }}, w, w, w)
		s.Configure(dyndns2())
		s.load()
		s.saved.Print = s.print
		for role := range s.saved.Records {
			r := s.begin(role, s.saved.Records[role].Host)
			if now := time.Now(); r.at.After(now.Add(time.Minute)) || r.hold.After(now.Add(refusalHold+time.Minute)) {
				t.Errorf("delivered at %v, refused until %v", r.at, r.hold)
			}
			s.records[role] = r
		}
		s.save()
		for _, line := range w.lines {
			if strings.ContainsFunc(line, unicode.IsControl) {
				t.Errorf("says %q", line)
			}
		}
	})
}

// FuzzReply takes any reply of a name server to a signed update: without a good
// signature it is never a success.
func FuzzReply(f *testing.F) {
	update := new(dns.Msg).SetUpdate("example.")
	for _, code := range []int{dns.RcodeSuccess, dns.RcodeRefused, dns.RcodeNotAuth} {
		m := new(dns.Msg).SetRcode(update, code)
		plain, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		m.SetTsig("k.", dns.HmacSHA256, fudge, 0)
		m.Extra[0].(*dns.TSIG).Error = dns.RcodeBadTime
		m.Extra[0].(*dns.TSIG).OtherData = "000065000000"
		signed, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
		f.Add(signed)
	}
	t0 := talk{key: key{"k.", dns.HmacSHA256, "Z2VoZWlt"}, now: func() time.Time { return time.Unix(1<<30, 0) }}
	f.Fuzz(func(t *testing.T, raw []byte) {
		reply := new(dns.Msg)
		if reply.Unpack(raw) != nil {
			return
		}
		failed := dns.TsigVerify(raw, t0.key.secret, "", false)
		err := t0.trust(reply, failed)
		printable(t, err)
		if err == nil {
			err = accepted(reply.Rcode, "example.")
			printable(t, err)
		}
		if err == nil && failed != nil {
			t.Errorf("believes %v", reply)
		}
	})
}

// FuzzURL fills any address and host into the URL of a provider: they stay where
// they are put.
func FuzzURL(f *testing.F) {
	f.Add("h.example", "joe", "ge&heim=1 #")
	f.Add("h", "\r\nX: y", "../../{ip}")
	f.Fuzz(func(t *testing.T, host, user, password string) {
		w := &webServer{Delivery: config.Delivery{Method: config.UpdateURL, Username: user,
			Server: "https://p.example/{hostname}/?u={username}&p={password}&ip={ip}"}}
		url := w.address(parcel{host: host}, password)
		if strings.ContainsFunc(url, func(r rune) bool { return r <= ' ' || r == 0x7f }) || strings.Count(url, "/") != 4 ||
			strings.Count(url, "?") != 1 || strings.Count(url, "&") != 2 || strings.Contains(url, "#") {
			t.Errorf("%q", url)
		}
	})
}
