package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/build"
	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/status"
	"github.com/ejgeiger/imon/internal/store"
	"github.com/ejgeiger/imon/internal/update"
)

// stateVariable names the environment variable that holds the directory for what
// outlives the process, where it is not the usual one.
const stateVariable = "IMON_STATE_DIR"

// providerTime is how long a provider has for its answer; some update their name
// servers before they give one.
const providerTime = 20 * time.Second

// state is a file of an instance for what outlives the process, of that kind: where systemd
// says (StateDirectory= of systemd.exec(5)), or in /var/lib; on OpenWrt in memory, to
// spare the flash.
func (e env) state(instance, kind string) store.State {
	systemd, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
	usual := "/var/lib/imon"
	if e.isOpenWrt() {
		usual = "/var/run/imon"
	}
	return store.State{Fs: e.fs, Path: filepath.Join(cmp.Or(os.Getenv(stateVariable), systemd, usual), instance+"."+kind)}
}

// newDelivery returns the sink that delivers external addresses.
func (e env) newDelivery(instance string, script, log event.Publisher) *update.Sink {
	resolver := probe.NewResolver()
	web := probe.NewHTTP(resolver, "imon/"+build.Version)
	web.Timeout = providerTime
	network := update.Network{
		Web: web, DNS: probe.NewDNS(resolver), Clock: time.Now,
		Read: e.secret,
	}
	return update.New(network, e.state(instance, "ddns"), script, log)
}

// maxSecret is how many bytes a file with a secret may have; one that is named by
// mistake may have any number.
const maxSecret = 64 << 10

// secret reads a file with a secret.
func (e env) secret(path string) ([]byte, error) {
	file, err := e.fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err == nil && len(text) > maxSecret {
		err = fmt.Errorf("it has more than %d bytes, so it is no secret", maxSecret)
	}
	return text, err
}

// delivered is what cfg wants to be delivered. The fake addresses of debug are for
// scripts only.
func delivered(cfg config.Config) config.DDNS {
	d := cfg.DDNS
	d.Enable = d.Enable && !cfg.Global.Debug
	return d
}

// deliveries is what is known of deliveries, as the status document has it.
func deliveries(all []update.Delivery) (out []status.Delivery) {
	now := time.Now()
	clock := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return now.Round(0).Add(t.Sub(now)).Format(time.RFC3339)
	}
	for _, d := range all {
		s := status.Delivery{
			Uplink: strings.ToLower(d.Role), Hostname: d.Host, Server: d.To, Time: clock(d.At), Next: clock(d.Next),
			Failures: int64(d.Failures), Error: d.Err, Unverified: d.Doubt, Drifted: d.Drifted,
		}
		if d.IPv4.IsValid() {
			s.Address = d.IPv4.String()
		}
		if d.IPv6.IsValid() {
			s.Address6 = d.IPv6.String()
		}
		if !d.At.IsZero() {
			s.Age = int64(now.Sub(d.At) / time.Second)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b status.Delivery) int { return strings.Compare(a.Uplink, b.Uplink) })
	return out
}
