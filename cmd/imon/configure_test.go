package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/build"
)

// desk is a terminal at which imon-configure runs, on a machine of its own: its
// /etc/default and /usr/local/bin are folders of the test, and it has the two
// interfaces of the session in seed.txt.
type desk struct {
	t        *testing.T
	cmd      *exec.Cmd
	keyboard *os.File
	etc      string // its /etc/default

	mu   sync.Mutex
	text strings.Builder
	done chan struct{} // closed when nothing more will be shown
}

const deskScript = `set -e
mount --bind "$1" /etc/default
mount --bind "$2" /usr/local/bin
for i in 3294:42 0a9:62; do
	case $i in 3294*) name=enxa0cec8003294 ;; *) name=enxa0cec80380a9 ;; esac
	ip link add $name type veth peer name peer${i#*:}
	ip address add 192.168.${i#*:}.2/24 dev $name
done
shift 2
exec -a imon-configure "$@"
`

// sit starts imon-configure at a desk.
func sit(t *testing.T, args ...string) *desk {
	t.Helper()
	if os.Getenv("IMON_SKIP_ROOT_TESTS") == "1" {
		t.Skip("IMON_SKIP_ROOT_TESTS=1")
	}
	d := &desk{t: t, etc: t.TempDir(), done: make(chan struct{})}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "imon-action"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	d.cmd = exec.Command("bash", append([]string{"-c", deskScript, "desk", d.etc, bin, os.Getenv("IMON_BINARY")}, args...)...)
	d.cmd.Env = append(os.Environ(), "TERM=xterm")
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
	var err error
	if d.keyboard, err = pty.StartWithSize(d.cmd, &pty.Winsize{Rows: 24, Cols: 200}); err != nil {
		t.Fatalf("cannot start imon-configure in a namespace (as root only): %v", err)
	}
	go d.watch()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		<-d.done
		_ = d.cmd.Wait()
		d.keyboard.Close()
	})
	return d
}

func (d *desk) watch() {
	defer close(d.done)
	for buffer := make([]byte, 4096); ; {
		n, err := d.keyboard.Read(buffer)
		d.mu.Lock()
		d.text.Write(buffer[:n])
		d.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// screen is what was shown, without escape sequences and carriage returns.
func (d *desk) screen() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]").ReplaceAllString(d.text.String(), "")
	return strings.ReplaceAll(text, "\r", "")
}

// answer waits until the screen ends with the prompt, and types.
func (d *desk) answer(prompt, keys string) {
	d.t.Helper()
	for end := time.Now().Add(patience); !strings.HasSuffix(d.screen(), prompt); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("no prompt %q at the end of\n%s", prompt, d.screen())
		}
	}
	if _, err := io.WriteString(d.keyboard, keys); err != nil {
		d.t.Fatal(err)
	}
}

// leave waits for the end and returns the exit code.
func (d *desk) leave() int {
	d.t.Helper()
	select {
	case <-d.done:
	case <-time.After(patience):
		d.t.Fatalf("it does not end after\n%s", d.screen())
	}
	_ = d.cmd.Wait()
	return d.cmd.ProcessState.ExitCode()
}

// files are the names of what is in /etc/default.
func (d *desk) files() []string {
	d.t.Helper()
	entries, err := os.ReadDir(d.etc)
	if err != nil {
		d.t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// session is the dialogue that is printed in seed.txt, prompt and answer.
func session(t *testing.T) (text string, turns [][2]string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/session.txt")
	if err != nil {
		t.Fatal(err)
	}
	turn := regexp.MustCompile(`(?m)^(.*?(?:file: |\): |\]: |\] ))(.*)$`)
	for _, m := range turn.FindAllStringSubmatch(string(raw), -1) {
		turns = append(turns, [2]string{m[1], m[2]})
	}
	if len(turns) != 37 {
		t.Fatalf("the session has %d prompts", len(turns))
	}
	return "\n" + string(raw), turns
}

// The session of seed.txt at a real terminal, word for word, and the file that the
// Python imon-configure wrote after it.
func TestConfigureSession(t *testing.T) {
	t.Parallel()
	text, turns := session(t)
	d := sit(t)
	for _, turn := range turns {
		d.answer(turn[0], turn[1]+"\r")
	}
	d.answer("Run 'imon check' now? [Y/n]: ", "n\r")
	if code := d.leave(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	text += "Run 'imon check' now? [Y/n]: n\n" +
		"Try it on the terminal, Ctrl-C ends it; then start the service:\n" +
		"    sudo imon --instance demo --nosyslog\n    sudo systemctl enable --now imon@demo\n"
	if diff := cmp.Diff(text, d.screen()); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	got, err := os.ReadFile(filepath.Join(d.etc, "imon-demo"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/session.json")
	if err != nil {
		t.Fatal(err)
	}
	wanted := strings.ReplaceAll(string(want), "VERSION", fmt.Sprintf("%q", "V"+build.Version))
	dated := regexp.MustCompile(`("imon-configure-created": )"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"`).ReplaceAllString(string(got), "${1}CREATED")
	if diff := cmp.Diff(wanted, dated); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(filepath.Join(d.etc, "imon-demo")); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Ctrl-C anywhere, and a signal, leave nothing behind.
func TestConfigureInterrupted(t *testing.T) {
	t.Parallel()
	_, turns := session(t)
	for _, stop := range []int{0, 4, len(turns) - 1} {
		d := sit(t)
		for _, turn := range turns[:stop] {
			d.answer(turn[0], turn[1]+"\r")
		}
		d.answer(turns[stop][0], "y\x03")
		if code := d.leave(); code != exitInterrupted || len(d.files()) > 0 {
			t.Errorf("after %d answers: exit code %d, files %q", stop, code, d.files())
		}
		if !strings.HasSuffix(d.screen(), "? interrupted: nothing was written\n") {
			t.Errorf("the screen ends with %q", d.screen())
		}
	}
	d := sit(t)
	d.answer(turns[0][0], "demo")
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := d.leave(); code != exitInterrupted || len(d.files()) > 0 {
		t.Errorf("after SIGTERM: exit code %d, files %q", code, d.files())
	}
}

// Tab and ? show what is there, and an instance that exists is edited.
func TestConfigureShowsInterfacesAndEdits(t *testing.T) {
	t.Parallel()
	d := sit(t, "--instance", "home")
	d.answer("config file: ", "\r")
	d.answer("(action): ", "\r")
	d.answer("'ddns' monitor? [y/N]: ", "\r")
	d.answer("'updown' monitor? [y/N]: ", "\r")
	d.answer("'failover' monitor? [y/N]: ", "Y\r")
	for _, prompt := range []string{"[10]: ", "[2]: ", "[1]: ", "[N]: ", "[201]: "} {
		d.answer(prompt, "\r")
	}
	d.answer("(primary-if): ", "?\r")
	d.answer("\n  enxa0cec8003294  down  192.168.42.2/24\n  peer62           down\n  enxa0cec80380a9  down  192.168.62.2/24\nPrimary network interface name (primary-if): ", "enxa0cec8003\t\r")
	d.answer("(primary-name): ", "MyNet\r")
	d.answer("(primary-gw): ", "192.168.43.1\r")
	d.answer("% 192.168.43.1 is in no network of enxa0cec8003294 (192.168.42.2/24)\nName/IP Address to check if Primary network is up (primary-ping): ", "\x03")
	if code := d.leave(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}
