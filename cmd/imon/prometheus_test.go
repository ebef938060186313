package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// port is where imon listens in these tests, and server where Prometheus does.
const (
	port   = "9370"
	server = "127.0.0.1:9090"
)

// needPrometheus returns the paths of Debian's Prometheus and of its checker.
func needPrometheus(t *testing.T) (prometheus, promtool string) {
	t.Helper()
	prometheus, err := exec.LookPath("prometheus")
	promtool, wrong := exec.LookPath("promtool")
	if err != nil || wrong != nil {
		t.Fatal("the test needs prometheus and promtool (Debian package prometheus)")
	}
	return prometheus, promtool
}

// scraped is a lab in whose router a real Prometheus scrapes imon.
type scraped struct {
	*counter
	promtool string
}

// scrape starts imon, with every monitor and a port, and a Prometheus beside it that has the
// rules of the documents.
func scrape(t *testing.T) *scraped {
	t.Helper()
	prometheus, promtool := needPrometheus(t)
	d := openCounter(t, func(c lab.Config) {
		internetTargets(c)
		for _, monitor := range []string{"ddns", "updown", "failover", "ping"} {
			c.Set(monitor, "enable", true).Set(monitor, "interval", 0.2).Set(monitor, "pingcount", 2).Set(monitor, "pingwait", 0.3)
		}
		c.Set("global", "listen", port)
		c.Set("global", "action", "/bin/true")
	})
	d.launch()
	d.see(d.started, "Route net42 (eth1) is active")
	dir := t.TempDir()
	rules, err := filepath.Abs("../../docs/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "prometheus.yml")
	text := fmt.Sprintf(`{global: {scrape_interval: 250ms, evaluation_interval: 250ms}, rule_files: [%q],
scrape_configs: [{job_name: imon, static_configs: [{targets: ["127.0.0.1:%s"]}]}]}`, rules, port)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := d.Start(t.Context(), d.Router, nil, prometheus, "--config.file="+file,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Signal(syscall.SIGKILL)
		_, _ = p.Wait(context.Background()) // before its directory is removed
		if t.Failed() {
			t.Logf("Prometheus printed:\n%s", p.Text())
		}
	})
	awaitLine(t, p, time.Time{}, "Server is ready to receive web requests")
	return &scraped{d, promtool}
}

// query returns what Prometheus answers to an expression, a line for each series.
func (d *scraped) query(expression string) (string, error) {
	out, err := d.Router.Command(d.t.Context(), d.promtool, "query", "instant", "http://"+server, expression).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", expression, err, out)
	}
	return string(out), err
}

// shows waits until an expression has a series with that text.
func (d *scraped) shows(expression, want string) {
	d.t.Helper()
	d.until(expression+" shows "+want, func() bool {
		got, err := d.query(expression)
		if err != nil {
			d.t.Fatal(err)
		}
		return strings.Contains(got, want)
	})
}

// reach connects to a port of the router, from within, and says what is there.
func (d *counter) reach(address string) (err error) {
	d.t.Helper()
	wrong := d.Router.Do(func() error {
		var c net.Conn
		if c, err = net.DialTimeout("tcp", address, time.Second); err == nil {
			c.Close()
		}
		return nil
	})
	if wrong != nil {
		d.t.Fatal(wrong)
	}
	return err
}

// A real Prometheus scrapes imon through a failover, and knows all of it.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	d := scrape(t)
	d.shows(`up{job="imon"}`, "=> 1 ")
	d.shows(`imon_uplink_active{uplink="primary", interface="eth1", name="net42", monitor="failover"}`, "=> 1 ")
	d.shows(`imon_ping_received_total{monitor="ping", target="1.1.1.1"} > 3`, "=> ")
	d.shows(`imon_ddns_address_info`, `address="`)

	at := d.inject(d.CutISP(0))
	d.see(at, "Route net62 (eth2) is active")
	d.shows(`imon_failover_switches_total{to="standby"}`, "=> 1 ")
	d.shows(`imon_uplink_active{uplink="standby"}`, "=> 1 ")
	d.shows(`imon_uplink_online{uplink="primary"}`, "=> 0 ")
	d.shows(`imon_outage_seconds_total{uplink="primary"} > 1`, "=> ") // it is not over
	d.shows(`imon_outages_total{uplink="primary"}`, "=> 1 ")
	d.shows(`imon_action_runs_total > 3`, "=> ")
	d.shows(`ALERTS{alertname="ImonUplinkOffline", uplink="primary"}`, "pending")
	at = d.restore(d.CutISP(0))
	d.see(at, "Route net42 (eth1) is active")
	d.shows(`imon_failover_switches_total{to="primary"}`, "=> 1 ")

	d.whatPromtoolSays()
	d.panels()
}

// whatPromtoolSays has the text of a running imon checked as it is.
func (d *scraped) whatPromtoolSays() {
	d.t.Helper()
	header, text, _ := strings.Cut(d.pageWith("/metrics", "imon_up{"), "\r\n\r\n")
	if !strings.Contains(header, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") {
		d.t.Error(header)
	}
	cmd := exec.CommandContext(d.t.Context(), d.promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 || strings.Count(text, "\n") < 100 {
		d.t.Errorf("%v: %s\n%s", err, out, text)
	}
	d.t.Logf("a scrape has %d bytes in %d lines", len(text), strings.Count(text, "\n"))
}

// panels puts each question of the dashboard to Prometheus, which must have an answer.
func (d *scraped) panels() {
	d.t.Helper()
	text, err := os.ReadFile("../../docs/grafana-dashboard.json")
	if err != nil {
		d.t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil || len(board.Panels) == 0 {
		d.t.Fatal(board, err)
	}
	grafana := strings.NewReplacer("$job", ".*", "$instance", ".*", "$__rate_interval", "5s", "$__range_s", "60", "$__range", "60s")
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			if got, err := d.query(grafana.Replace(target.Expr)); err != nil || !strings.Contains(got, "=> ") || strings.Contains(got, "=> NaN") {
				d.t.Errorf("%s: %s: %v\n%s", p.Title, target.Expr, err, got)
			}
		}
	}
}

// A reload opens the port, moves it and closes it, while all else goes on. A port alone is
// not reached by the address of an uplink.
func TestListenIsReloaded(t *testing.T) {
	t.Parallel()
	d := openCounter(t, internetTargets)
	d.launch()
	d.see(d.started, "Route net42 (eth1) is active")
	outside := net.JoinHostPort(d.Uplink(0).Address.Addr().String(), port)

	listens := func(value string, reached ...string) {
		t.Helper()
		d.rewrite(d.config.Set("global", "listen", value).JSON())
		for _, address := range []string{"127.0.0.1:" + port, "[::1]:" + port, outside, "127.0.0.1:9371"} {
			want := strings.Contains(strings.Join(reached, " "), address)
			d.until(fmt.Sprintf("%q: %s reached is %v", value, address, want), func() bool {
				err := d.reach(address)
				return err == nil && want || errors.Is(err, syscall.ECONNREFUSED) && !want
			})
		}
	}
	listens(port, "127.0.0.1:"+port, "[::1]:"+port)
	listens("127.0.0.1:9371", "127.0.0.1:9371")
	at := time.Now()
	listens(outside, outside)
	d.see(at, "Whoever can reach "+outside+" can read the state of imon")
	listens("")
	d.until("nothing is open", func() bool { found, _ := open(t, d.Pid()); return len(found) == 0 })
	if n := d.count("Start Network Failover Monitor"); n != 1 {
		t.Errorf("failover was started %d times", n)
	}
}
