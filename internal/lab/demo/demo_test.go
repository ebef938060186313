package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestInstanceNamesTheActionScript(t *testing.T) {
	text, err := instance("imon-demo", "/a path/with\"quotes")
	must(t, err)
	if !bytes.Contains(text, []byte(`"action": "/a path/with\"quotes",`)) || bytes.Contains(text, []byte("imon-action")) {
		t.Errorf("text: %s", text)
	}
	file := filepath.Join(t.TempDir(), "other")
	must(t, os.WriteFile(file, []byte("{}"), 0o644))
	for _, name := range []string{file, file + "-missing"} {
		if _, err := instance(name, "/a"); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestProgramMustBeExecutable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o755))
	if got, err := program(file); err != nil || got != file {
		t.Errorf("program: %q, %v", got, err)
	}
	must(t, os.Chmod(file, 0o644))
	for _, path := range []string{file, dir, file + "-missing", ""} {
		if _, err := program(path); err == nil {
			t.Errorf("%q was accepted", path)
		}
	}
}

func TestShortNamesTheDevices(t *testing.T) {
	for want, routes := range map[string][]string{
		"none":          nil,
		"eth1":          {"default via 192.168.42.1 dev eth1 metric 201"},
		"eth1 and eth2": {"default via 192.168.42.1 dev eth1", "default dev eth2 scope link"},
	} {
		if got := short(routes); got != want {
			t.Errorf("short(%q) = %q, want %q", routes, got, want)
		}
	}
}

func TestSummary(t *testing.T) {
	good := result{title: "cable cut", gap: 10 * time.Millisecond, lost: 2, route: "eth2"}
	bad := result{title: "blackhole", gap: 9 * time.Second, lost: 99, route: "eth1", missing: []string{"never: a line"}}
	for _, test := range []struct {
		results []result
		held    bool
		want    []string
	}{
		{[]result{good}, true, []string{"cable cut  10 ms    2     eth2                 ok", "all 1 steps held"}},
		{[]result{good, bad}, false, []string{"NOT ok: blackhole: never: a line", "something did not hold"}},
	} {
		var b bytes.Buffer
		if held := newScreen(&b, false).summary(test.results); held != test.held {
			t.Errorf("held = %v, want %v", held, test.held)
		}
		for _, want := range test.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %q in:\n%s", want, b.String())
			}
		}
	}
}

func TestScreenPaintsOnlyTerminals(t *testing.T) {
	for colour, want := range map[bool]string{false: "lan     text\n", true: "\x1b[32mlan     text\x1b[0m\n"} {
		var b bytes.Buffer
		newScreen(&b, colour).say(time.Now(), tagLAN, "32", "text")
		if !strings.HasSuffix(b.String(), want) {
			t.Errorf("line %q, want %q", b.String(), want)
		}
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	must(t, err)
	defer file.Close()
	if isTerminal(file) {
		t.Error("a file was taken for a terminal")
	}
}

func TestPingResultsAreShownWhenTheyChange(t *testing.T) {
	p := &player{out: newScreen(&bytes.Buffer{}, false)}
	var shown []bool
	for _, alive := range []string{"True", "True", "False", "False", "True"} {
		shown = append(shown, p.changed("imon action [x] ping-result: target:1.1.1.1 alive:"+alive+" min:0.0"))
	}
	if want := []bool{true, false, true, false, true}; !equal(shown, want) || p.rounds() != 5 {
		t.Errorf("shown %v, want %v; %d rounds", shown, want, p.rounds())
	}
}

func equal(a, b []bool) bool {
	same := len(a) == len(b)
	for i := 0; same && i < len(a); i++ {
		same = a[i] == b[i]
	}
	return same
}

// router behaves like imon as far as one step is concerned.
const router = `#!/bin/sh
trap 'exit 0' TERM
ip route replace default via 192.168.42.1 dev eth1 metric 201
echo "[demo] route is active"
while :; do
    echo "imon action [demo] ping-result: target:1.1.1.1 alive:True min:0.1"
    sleep 0.05
done
`

func startRouter(t *testing.T, script string) (*lab.Lab, *player, *bytes.Buffer) {
	t.Helper()
	l := lab.Start(t)
	file := filepath.Join(t.TempDir(), "imon")
	must(t, os.WriteFile(file, []byte(script), 0o755))
	var b bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	p, err := begin(ctx, l, newScreen(&b, false), file, nil)
	must(t, err)
	return l, p, &b
}

func nothing() error { return nil }

func TestPlay(t *testing.T) {
	l, p, b := startRouter(t, router)
	results := p.play(t.Context(), []step{
		{title: "start", do: nothing, route: "eth1", lines: []string{"route is active"}},
		{title: "cut", do: l.Blackhole(0).Inject, route: "eth1", dark: true, gap: time.Nanosecond},
		{title: "  restored", do: l.Blackhole(0).Restore, route: "eth1"},
		finish(p),
	})
	must(t, l.Close())
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	if len(results) != 4 {
		t.Fatalf("%d results", len(results))
	}
	for i, held := range []bool{true, false, true, true} {
		if got := len(results[i].missing) == 0; got != held {
			t.Errorf("%s: held %v, want %v: %q", results[i].title, got, held, results[i].missing)
		}
	}
	for _, want := range []string{"=== 3. cut: restored", "internet: DOWN", "internet: back after", "more than 0 ms",
		"default via 192.168.42.1 dev eth1 metric 201"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
}

func TestPlayStopsWhenImonEnds(t *testing.T) {
	_, p, _ := startRouter(t, "#!/bin/sh\n")
	start := time.Now()
	results := p.play(t.Context(), []step{
		{title: "start", do: nothing, route: "eth1"},
		{title: "never reached", do: nothing},
	})
	if len(results) != 1 || len(results[0].missing) == 0 || results[0].missing[0] != "imon has ended" || time.Since(start) > patience {
		t.Errorf("after %s: %+v", time.Since(start), results)
	}
}

// Every step of the walk can be told apart and says what it expects.
func TestWalk(t *testing.T) {
	l, p, _ := startRouter(t, router)
	for _, s := range walk(l, p) {
		if s.title == "" || s.do == nil || s.route == "" {
			t.Errorf("incomplete step: %+v", s)
		}
	}
}
