package update

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Secrets of the keys that the test's name server knows.
const (
	goodSecret  = "c2VjcmV0LW9mLWEtdGVzdC1rZXktMzItYnl0ZXMtbG9uZw=="
	otherSecret = "YW5vdGhlci1zZWNyZXQtb2YtYS10ZXN0LWtleS0zMi1ieQ=="
)

// needBIND says in one sentence when there is no named.
func needBIND(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/usr/sbin/named", "/usr/bin/named"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	if os.Getenv("IMON_SKIP_ROOT_TESTS") == "1" {
		t.Skip("no named")
	}
	t.Fatal("the test needs named (Debian package bind9); set IMON_SKIP_ROOT_TESTS=1 to skip such tests")
	return ""
}

// bind runs a real BIND on a port of the loopback interface, with zone example.org,
// and returns HOST:PORT.
func bind(t *testing.T) string {
	t.Helper()
	named, dir, port := needBIND(t), t.TempDir(), freePort(t)
	var keys strings.Builder
	for _, algorithm := range []string{"sha1", "sha224", "sha256", "sha384", "sha512"} {
		fmt.Fprintf(&keys, "key \"key-%s\" { algorithm hmac-%[1]s; secret %q; };\n", algorithm, goodSecret)
	}
	write(t, dir, "named.conf", fmt.Sprintf(`%soptions {
	directory %q; pid-file none; session-keyfile none; lock-file none;
	listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; };
	recursion no; dnssec-validation no; notify no; empty-zones-enable no;
};
controls { };
zone "example.org" {
	type primary; file "example.org.zone";
	update-policy { grant * subdomain home.example.org. A AAAA; };
};
`, keys.String(), dir, port))
	write(t, dir, "example.org.zone", `$TTL 60
@ SOA ns.example.org. root.example.org. 1 3600 600 86400 60
  NS  ns.example.org.
ns A 127.0.0.1
home A 192.0.2.1
home A 192.0.2.2
alias CNAME home
`)
	run(t, named, "-g", "-c", filepath.Join(dir, "named.conf"))
	at := fmt.Sprintf("127.0.0.1:%d", port)
	await(t, at)
	return at
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePort is a port that is free for TCP and most probably for UDP.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// run starts a program that is killed at the end of the test; what it printed is
// shown when the test has failed.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	var out strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s printed:\n%s", name, out.String())
		}
	})
}

// await waits until a name server answers.
func await(t *testing.T, at string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		m, err := dns.Exchange(new(dns.Msg).SetQuestion("example.org.", dns.TypeSOA), at)
		if err == nil && m.Rcode == dns.RcodeSuccess {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the name server does not answer: %v", err)
		}
	}
}
