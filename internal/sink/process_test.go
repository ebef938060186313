package sink

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
)

// script writes an executable shell script and sets DIR, which it may use, to a
// new directory.
func script(t *testing.T, text string) (path, dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("DIR", dir)
	path = filepath.Join(dir, "action script")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path, dir
}

// realAction is an action sink with a real script that runs until stop is
// called, with a short time from SIGTERM to SIGKILL.
func realAction(t *testing.T, s ActionSettings) (a *Action, log *heard, stop func() time.Duration) {
	t.Helper()
	log = &heard{}
	a = NewAction("main", true, log)
	a.run = func(ctx context.Context, c call) error {
		c.grace = 200 * time.Millisecond
		return run(ctx, c)
	}
	a.Configure(s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop = func() time.Duration {
		began := time.Now()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended <- nil
		return time.Since(began)
	}
	t.Cleanup(func() { stop() })
	return a, log, stop
}

// fileOf waits for a file that a script writes, and returns its text.
func fileOf(t *testing.T, dir, name string) string {
	t.Helper()
	var text []byte
	eventually(t, "the script writes "+name, func() (ok bool) {
		var err error
		text, err = os.ReadFile(filepath.Join(dir, name))
		return err == nil && len(text) > 0
	})
	return string(text)
}

// lives reports whether the process whose number is in the text runs; a zombie
// does not.
func lives(text string) bool {
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(text) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

const recorder = `#!/bin/sh
printf '%s\0' "$@" >"$DIR/args.new"
env -0 >"$DIR/env"
readlink /proc/self/cwd /proc/self/fd/0 >"$DIR/where"
mv "$DIR/args.new" "$DIR/args"
`

func TestFault09NamesDoNotGoThroughAShell(t *testing.T) {
	path, dir := script(t, recorder)
	a, log, _ := realAction(t, ActionSettings{Path: path})
	name := "evil; touch \"$DIR/owned\" $(touch $DIR/owned) `touch $DIR/owned` 'q' * \\ \xe4 |&<>\t"
	u := event.Uplink{Role: "Primary", Name: name, Interface: "eth 1", Address: addr("192.0.2.1"), Gateway: addr("192.0.2.254")}
	a.Publish(event.Event{Kind: event.FailoverBothDown, Monitor: event.Failover, Uplink: u, Other: standby()})

	got := strings.Split(strings.TrimSuffix(fileOf(t, dir, "args"), "\x00"), "\x00")
	want := []string{"main", "1", "failover-bothdown", strings.ReplaceAll(name, "\t", "_") + ":Primary:eth 1:192.0.2.1", ":Standby:wwan0:"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	env := strings.Split(fileOf(t, dir, "env"), "\x00")
	for _, v := range []string{"IMON_INSTANCE=main", "IMON_UPLINK_NAME=" + name, "IMON_INTERFACE=eth 1", "DIR=" + dir} {
		if !slices.Contains(env, v) {
			t.Errorf("the environment lacks %q", v)
		}
	}
	if where := fileOf(t, dir, "where"); where != "/\n/dev/null\n" {
		t.Errorf("working directory and standard input: %q", where)
	}
	if _, err := os.Stat(filepath.Join(dir, "owned")); err == nil || len(log.texts()) > 0 {
		t.Errorf("a name was run as a command, or there were complaints: %q", log.texts())
	}
}

// stubborn hangs on updown-offline, together with a child, and neither heeds
// SIGTERM.
const stubborn = `#!/bin/sh
if [ "$3" = updown-offline ]; then
	trap '' TERM
	sh -c 'echo $$ >"$DIR/child"; sleep 1000' &
	echo $$ >"$DIR/parent"
	sleep 1000
	sleep 1000
fi
echo "$3" >"$DIR/next"
`

func TestFault10AHungScriptIsKilledAsAGroup(t *testing.T) {
	path, dir := script(t, stubborn)
	a, log, _ := realAction(t, ActionSettings{Path: path, Timeout: 500 * time.Millisecond})
	a.Publish(offline("x"))
	a.Publish(event.Event{Kind: event.UpdownOnline, Monitor: event.Updown, Target: "x"})
	pids := []string{fileOf(t, dir, "parent"), fileOf(t, dir, "child")}
	if got := fileOf(t, dir, "next"); got != "updown-online\n" {
		t.Errorf("the next event is %q", got)
	}
	for _, pid := range pids {
		eventually(t, "process "+pid+" is gone", func() bool { return !lives(pid) })
	}
	want := []string{"Action script '" + path + "' failed on updown-offline: timed out after 500ms"}
	if diff := cmp.Diff(want, log.texts()); diff != "" {
		t.Error(diff)
	}
}

func TestHungScriptThatHeedsSIGTERM(t *testing.T) {
	path, dir := script(t, "#!/bin/sh\ntrap 'echo bye >\"$DIR/bye\"; exit 0' TERM\nsleep 1000 & wait\n")
	began := time.Now()
	err := run(t.Context(), call{path: path, timeout: 500 * time.Millisecond, grace: time.Minute})
	if err == nil || err.Error() != "timed out after 500ms" || time.Since(began) > 20*time.Second {
		t.Errorf("took %v, error %v", time.Since(began), err)
	}
	fileOf(t, dir, "bye")
}

func TestScriptMayLeaveADaemonBehind(t *testing.T) {
	path, dir := script(t, "#!/bin/sh\nsleep 1000 </dev/null >/dev/null 2>&1 &\necho $! >\"$DIR/pid\"\n")
	if err := run(t.Context(), call{path: path, timeout: time.Minute, grace: time.Second}); err != nil {
		t.Error(err)
	}
	pid := fileOf(t, dir, "pid")
	defer endProcess(t, pid)
	if !lives(pid) {
		t.Error("the daemon was ended")
	}
}

func endProcess(t *testing.T, text string) {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestHowScriptsFail(t *testing.T) {
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"status", "#!/bin/sh\nexit 3\n", 0o755, "exit status 3"},
		{"signal", "#!/bin/sh\nkill -9 $$\n", 0o755, "signal: killed"},
		{"not executable", "#!/bin/sh\n", 0o644, "cannot start: permission denied"},
		{"no interpreter", "#!/nonexistent\n", 0o755, `cannot start: its first line names "/nonexistent", which is not there`},
		{"written elsewhere", "#!/bin/sh\r\nexit 0\r\n", 0o755, `cannot start: its first line names "/bin/sh\r", which is not there`},
		{"success", "#!/bin/sh\n", 0o755, ""},
		{"no first line", "[ \"$0 $1\" = \"$DIR/action script a b\" ] || exit 9\n", 0o755, ""},
	} {
		path, _ := script(t, c.text)
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := run(t.Context(), call{path: path, args: []string{"a b"}, timeout: time.Minute}); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestShutdownWaitsForAScriptThatIsAboutToEnd(t *testing.T) {
	path, dir := script(t, "#!/bin/sh\necho x >\"$DIR/begun\"\nsleep 0.2\necho x >\"$DIR/done\"\n")
	a, log, stop := realAction(t, ActionSettings{Path: path})
	a.Publish(offline("x"))
	fileOf(t, dir, "begun")
	stop()
	if _, err := os.Stat(filepath.Join(dir, "done")); err != nil || len(log.texts()) > 0 {
		t.Errorf("error %v, log %q", err, log.texts())
	}
}

func TestShutdownIsBoundedByAHungScript(t *testing.T) {
	path, dir := script(t, stubborn)
	a, log, stop := realAction(t, ActionSettings{Path: path})
	a.Publish(offline("x"))
	a.Publish(offline("y"))
	child := fileOf(t, dir, "child")
	if took := stop(); took > lastWait+lastGrace+afterKill+300*time.Millisecond {
		t.Errorf("took %v", took)
	}
	eventually(t, "the child is gone", func() bool { return !lives(child) })
	want := []string{"Action script '" + path + "' failed on updown-offline: stopped because imon ended",
		"Discarded 1 events: imon ended before the action script took them"}
	if diff := cmp.Diff(want, log.texts()); diff != "" {
		t.Error(diff)
	}
}

func TestShutdownCutsTheWaitAfterATimeOutShort(t *testing.T) {
	path, dir := script(t, strings.Replace(stubborn, "trap '' TERM", "trap 'echo x >\"$DIR/term\"' TERM; (trap '' TERM; exec sleep 1000) &", 1))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, call{path: path, args: []string{"main", "0", "updown-offline"}, timeout: 300 * time.Millisecond, grace: time.Hour})
	}()
	fileOf(t, dir, "term")
	began := time.Now()
	cancel()
	if err := <-ended; err == nil || err.Error() != "timed out after 300ms" || time.Since(began) > lastGrace+afterKill+300*time.Millisecond {
		t.Errorf("took %v, error %v", time.Since(began), err)
	}
}

func TestOutputIsInherited(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	path, _ := script(t, "#!/bin/sh\necho out\necho err >&2\n")
	err = run(t.Context(), call{path: path, timeout: time.Minute})
	os.Stdout, os.Stderr = stdout, stderr
	w.Close()
	if text, _ := io.ReadAll(r); err != nil || string(text) != "out\nerr\n" {
		t.Errorf("error %v, output %q", err, text)
	}
}

// A script is no part of imon to the service manager.
func TestScriptDoesNotInheritTheServiceManager(t *testing.T) {
	path, dir := script(t, "#!/bin/sh\nenv >\"$DIR/env.new\"\nmv \"$DIR/env.new\" \"$DIR/env\"\n")
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "NOTIFY_SOCKET_OF_MINE"} {
		t.Setenv(name, "x")
	}
	a, _, _ := realAction(t, ActionSettings{Path: path})
	a.Publish(event.Event{Kind: event.UpdownOffline, Monitor: event.Updown, Target: "192.0.2.1"})
	for _, variable := range strings.Split(fileOf(t, dir, "env"), "\n") {
		if isManagers(variable) {
			t.Errorf("the script has %s", variable)
		}
	}
	if text := fileOf(t, dir, "env"); !strings.Contains(text, "NOTIFY_SOCKET_OF_MINE=x\n") {
		t.Errorf("a variable of the user's is missing in\n%s", text)
	}
}
