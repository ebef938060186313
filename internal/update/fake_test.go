package update

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the provider, the name's name server, the shelf, the script and the log,
// each of which notes with the time what it was told.
type world struct {
	start time.Time

	mu      sync.Mutex
	answer  string                  // of the provider, "" for no answer at all
	takes   time.Duration           // until it answers
	at      map[string][]netip.Addr // what the name server says
	silent  bool                    // the name server
	asked   int                     // the name server
	told    []string                // the provider, in order
	again   []string                // the script
	lines   []string                // the log
	shelf   []byte
	full    bool // the shelf
	saves   int
	secrets string // the password file
	aside   bool
}

func (w *world) now() string { return time.Since(w.start).Round(time.Second).String() }

func (w *world) Fetch(ctx context.Context, url string, _ probe.Login, path probe.Path) (probe.Page, error) {
	w.mu.Lock()
	_, query, _ := strings.Cut(url, "?")
	line := w.now() + " " + query
	if path != (probe.Path{}) {
		line += " by " + path.Interface + " from " + path.Source.String()
	}
	w.told = append(w.told, line)
	answer, takes := w.answer, w.takes
	w.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return probe.Page{}, ctx.Err()
	}
	if answer == "" {
		return probe.Page{}, errors.New("connection refused")
	}
	return probe.Page{Status: 200, Body: answer}, nil
}

func (w *world) Locate(context.Context, string, probe.Path) (netip.AddrPort, error) {
	return netip.AddrPort{}, errors.New("not in this test")
}

func (w *world) At(context.Context, string, string, probe.Family, probe.Path) ([]netip.Addr, error) {
	return nil, errors.New("not in this test")
}

func (w *world) Authoritative(_ context.Context, name string, f probe.Family, _ probe.Path) ([]netip.Addr, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if w.silent {
		return nil, "", errors.New("no answer from ns.example")
	}
	var found []netip.Addr
	for _, a := range w.at[name] {
		if a.Is4() == (f == probe.IPv4) {
			found = append(found, a)
		}
	}
	return found, "ns.example", nil
}

func (w *world) Load() ([]byte, error) { return w.shelf, nil }

func (w *world) Save(text []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full {
		return errors.New("cannot write \"/s\": no space left on device")
	}
	w.shelf = text
	w.saves++
	return nil
}

func (w *world) SetAside() (string, error) { w.aside = true; return "/s.unreadable", nil }

// Publish is the log, and the script.
func (w *world) Publish(e event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Kind == event.Message {
		w.lines = append(w.lines, w.now()+" "+e.Text)
	} else {
		w.again = append(w.again, w.now()+" "+e.Address.String())
	}
}

// set changes the world while somebody lives in it.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// newWorld is one in which all is well and the name has that address.
func newWorld(address string) *world {
	return &world{start: time.Now(), answer: "good", at: map[string][]netip.Addr{"h.example": {netip.MustParseAddr(address)}}}
}

// live runs a sink in w until the function that is returned is called.
func (w *world) live(t *testing.T, cfg config.DDNS) (s *Sink, stop func()) {
	t.Helper()
	n := Network{Web: w, DNS: w, Clock: time.Now, Read: func(string) ([]byte, error) { return []byte(w.secrets), nil }}
	s = New(n, w, w, w)
	s.Configure(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return s, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// dyndns2 are settings for one name that follows the active uplink.
func dyndns2() config.DDNS {
	return config.DDNS{Rounds: config.Rounds{Enable: true}, Family: config.FamilyBoth, Follow: config.FollowActive,
		Delivery: config.Delivery{Hostname: "h.example", Method: config.UpdateDynDNS2, Server: "https://p.example", Username: "joe", PasswordFile: "/pw"}}
}

func moved(address string) event.Event {
	return event.Event{Kind: event.DDNSUpdate, Monitor: event.DDNS, Address: netip.MustParseAddr(address), Time: time.Now()}
}

// pass lets time pass, and what happens in it come to an end.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
