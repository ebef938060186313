package update

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
)

const (
	four = "203.0.113.7"
	six  = "2001:db8::7"
)

func parcelOf(host string, all ...string) parcel {
	p := parcel{host: host}
	for _, a := range all {
		p.addresses = append(p.addresses, netip.MustParseAddr(a))
	}
	return p
}

// provider is a web server that answers as told and notes the last request.
type provider struct {
	*httptest.Server
	status int
	body   string
	header http.Header

	target, user, password, agent string
}

func newProvider(t *testing.T) *provider {
	p := &provider{status: 200, body: "good", header: http.Header{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.target, p.agent = r.URL.RequestURI(), r.UserAgent()
		p.user, p.password, _ = r.BasicAuth()
		for k := range p.header {
			w.Header().Set(k, p.header.Get(k))
		}
		w.WriteHeader(p.status)
		fmt.Fprint(w, p.body)
	}))
	t.Cleanup(p.Close)
	return p
}

// network is this machine's, files having the texts of these secrets.
func network(files map[string]string) Network {
	resolver := probe.NewResolver()
	return Network{Clock: time.Now, Web: probe.NewHTTP(resolver, "imon/test"), DNS: probe.NewDNS(resolver),
		Read: func(path string) ([]byte, error) {
			text, ok := files[path]
			if !ok {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			return []byte(text), nil
		}}
}

func TestEveryWordOfDynDNS2(t *testing.T) {
	p := newProvider(t)
	d := config.Delivery{Method: config.UpdateDynDNS2, Server: p.URL, Username: "joe", Password: "s3cret/&"}
	c := network(nil).carrierOf(d)
	for body, want := range map[string]struct {
		hold  time.Duration
		fails bool
	}{
		"good 203.0.113.7": {}, "good": {}, "nochg 203.0.113.7\r\n": {}, "NOCHG": {}, "good\n": {},
		"badauth": {refusalHold, true}, "!donator": {refusalHold, true}, "notfqdn": {refusalHold, true},
		"nohost": {refusalHold, true}, "numhost": {refusalHold, true}, "!yours": {refusalHold, true},
		"abuse": {refusalHold, true}, "badagent": {refusalHold, true}, "badsys": {refusalHold, true},
		"dnserr": {troubleHold, true}, "911": {troubleHold, true},
		"": {0, true}, "<html>log in</html>": {0, true}, "goodbye": {0, true},
	} {
		p.body = body
		err := c.carry(t.Context(), parcelOf("home.example.org", four))
		var r *refusal
		errors.As(err, &r)
		if (err != nil) != want.fails || (r != nil) != (want.hold > 0) || r != nil && r.hold != want.hold {
			t.Errorf("%q: %v, want %+v", body, err, want)
		}
	}
	if p.target != "/nic/update?hostname=home.example.org&myip=203.0.113.7" || p.user != "joe" || p.password != "s3cret/&" || p.agent != "imon/test" {
		t.Errorf("asked %q as %q with %q by %q", p.target, p.user, p.password, p.agent)
	}
}

func TestStatus(t *testing.T) {
	p := newProvider(t)
	p.body = ""
	c := network(nil).carrierOf(config.Delivery{Method: config.UpdateURL, Server: p.URL + "/?ip={ip}"})
	for status, hold := range map[int]time.Duration{200: -1, 204: -1, 299: -1, 302: 0, 404: 0, 500: 0, 503: 0,
		401: refusalHold, 403: refusalHold, 429: 2 * time.Hour} {
		p.status = status
		p.header.Set("Retry-After", "7200")
		p.header.Set("Location", p.URL+"/elsewhere")
		err := c.carry(t.Context(), parcelOf("h", four))
		var r *refusal
		errors.As(err, &r)
		if (err == nil) != (hold < 0) || (r != nil) != (hold > 0) || r != nil && r.hold != hold {
			t.Errorf("%d: %v", status, err)
		}
	}
	if p.target != "/?ip="+four {
		t.Errorf("went to %q", p.target)
	}
}

func TestWordsAndComplaintsInTheAnswerToATemplate(t *testing.T) {
	p := newProvider(t)
	c := network(nil).carrierOf(config.Delivery{Method: config.UpdateURL, Server: p.URL + "/?ip={ip}"})
	for body, fine := range map[string]bool{
		"OK": true, "KO": false, "nochg": true, "badauth": false, "Updated 1 host": true, "": true,
		"ERROR: Address 203.0.113.7 has not changed.": true, "ERROR: Invalid update URL": false,
		"<interface-response><ErrCount>0</ErrCount>": true, "<interface-response><ErrCount>1</ErrCount>": false,
	} {
		p.body = body
		if err := c.carry(t.Context(), parcelOf("h", four)); (err == nil) != fine {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestURLs(t *testing.T) {
	both := parcelOf("home.example.org", four, six)
	for _, c := range []struct {
		method       config.Update
		server, want string
		parcel       parcel
	}{
		{config.UpdateDynDNS2, "https://a.example", "https://a.example/nic/update?hostname=home.example.org&myip=203.0.113.7,2001:db8::7", both},
		{config.UpdateDynDNS2, "https://a.example/", "https://a.example/nic/update?hostname=home.example.org&myip=2001:db8::7", parcelOf("home.example.org", six)},
		{config.UpdateDynDNS2, "https://a.example/v3/update?system=dyndns", "https://a.example/v3/update?system=dyndns&hostname=h&myip=203.0.113.7", parcelOf("h", four)},
		{config.UpdateDynDNS2, "https://a.example/u?h={hostname}&myipv4={ip}&myipv6={ip6}", "https://a.example/u?h=home.example.org&myipv4=203.0.113.7&myipv6=2001:db8::7", both},
		{config.UpdateURL, "https://a.example/u?token={password}&user={username}&ip={ip}&ip6={ip6}", "https://a.example/u?token=p%20%26%2B1&user=joe%40x&ip=203.0.113.7&ip6=", parcelOf("h", four)},
		{config.UpdateURL, "https://a.example/u", "https://a.example/u", both},
	} {
		w := &webServer{Delivery: config.Delivery{Method: c.method, Server: c.server, Username: "joe@x"}}
		if got := w.address(c.parcel, "p &+1"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.server, got, c.want)
		}
		if got := w.where(); got != "a.example" {
			t.Errorf("%s is shown as %q", c.server, got)
		}
	}
}

func TestOnlyFamiliesWithAPlaceholderAreTaken(t *testing.T) {
	a4, a6 := netip.MustParseAddr(four), netip.MustParseAddr(six)
	for server, want := range map[string][2]bool{
		"https://a/?{ip}": {true, false}, "https://a/?{ip6}": {false, true}, "https://a/?{ip}{ip6}": {true, true}, "https://a/": {true, true},
	} {
		w := &webServer{Delivery: config.Delivery{Method: config.UpdateURL, Server: server}}
		if got := [2]bool{w.takes(a4), w.takes(a6)}; got != want {
			t.Errorf("%s takes %v, want %v", server, got, want)
		}
	}
}

func TestSecretsStayInRequests(t *testing.T) {
	p := newProvider(t)
	const secret = "hunter2 &"
	n := network(map[string]string{"/pw": secret + "\nsecond line\n"})
	for _, d := range []config.Delivery{
		{Method: config.UpdateURL, Server: p.URL + "/{password}?ip={ip}", PasswordFile: "/pw"},
		{Method: config.UpdateDynDNS2, Server: p.URL, Username: "joe", PasswordFile: "/pw"},
		{Method: config.UpdateURL, Server: "http://127.0.0.1:1/?t={password}", Password: secret},
	} {
		p.status, p.body = 500, "no"
		for _, body := range []string{"badauth for " + secret, "ERROR " + secret, "strange " + secret, secret} {
			p.body, p.status = body, 200
			err := n.carrierOf(d).carry(t.Context(), parcelOf("h", four))
			if err == nil && d.Method == config.UpdateDynDNS2 {
				t.Errorf("%q is no failure", body)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "?t=")) {
				t.Errorf("%q: the secret is in %q", body, err)
			}
		}
	}
	if p.password != secret {
		t.Errorf("sent %q", p.password)
	}
	err := n.carrierOf(config.Delivery{Method: config.UpdateDynDNS2, Server: p.URL, PasswordFile: "/none"}).carry(t.Context(), parcelOf("h", four))
	if err == nil || err.Error() != `cannot read "/none": file does not exist` {
		t.Errorf("got %v", err)
	}
}
