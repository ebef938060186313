package config

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/afero"
)

func TestPath(t *testing.T) {
	for _, name := range []string{"main", "a", "_x", "0", "wan.2", "a@b-c_d", strings.Repeat("x", 63)} {
		got, err := Path(name)
		if want := "/etc/default/imon-" + name; got != want || err != nil {
			t.Errorf("Path(%q) = %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", ".", "..", "../x", "a/b", "a..b", "-x", ".x", "@x", "a b", "a;b",
		"ä", "a\n", strings.Repeat("x", 64)} {
		if got, err := Path(name); err == nil {
			t.Errorf("Path(%q) = %q, want a fault", name, got)
		}
	}
}

func TestLoadAnnotatedSample(t *testing.T) {
	sample, err := os.ReadFile("testdata/annotated.json")
	if err != nil {
		t.Fatal(err)
	}
	got, warnings := mustLoad(t, string(sample))
	wantWarnings(t, warnings)
	want := Defaults()
	want.Path = testFile
	want.Global.Action = testAction
	want.Global.Instance = "main"
	want.Global.Note = "all but failover"
	want.Global.WrittenBy = "V1.0"
	want.Global.WrittenAt = "2022-04-29 14:42:56"
	want.Updown = Updown{
		Rounds: Rounds{Enable: true, Interval: 10 * time.Second, Count: 2, Wait: time.Second},
		Target: "1.1.1.1", Secondaries: []string{"192.168.92.1", "192.168.1.1"},
		DNSServer: "1.1.1.1", DNSName: "google.com",
	}
	want.Failover.Interval, want.Failover.PreferPrimary = time.Second, true
	for i, u := range [2]Uplink{
		{Interface: "enxa0cec8003294", Name: "net42", Gateway: netip.MustParseAddr("192.168.42.1")},
		{Interface: "enxa0cec80380a9", Name: "net62", Gateway: netip.MustParseAddr("192.168.62.1")},
	} {
		u.Method, u.Gateway6 = MethodICMP, netip.IPv4Unspecified()
		want.Failover.Uplinks[i] = u
	}
	want.Ping.Target = "192.168.1.1"
	if diff := diffConfig(want, got); diff != "" {
		t.Errorf("annotated sample (-want +got):\n%s", diff)
	}
	if !got.Updown.Refutes() {
		t.Error("the sample's updown monitor does not refute")
	}
}

// diffConfig compares what two configurations say.
func diffConfig(a, b Config) string {
	return cmp.Diff(a, b, cmpopts.IgnoreUnexported(Config{}),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }))
}

func TestLoadFiles(t *testing.T) {
	const good = `{"ping": {"enable": true, "monitorip": "192.0.2.1"}}`
	tests := []struct {
		name, instance, path, text string
		want                       []string
	}{
		{name: "standard path", instance: "main", text: good},
		{name: "other path", instance: "main", path: testFile, text: good},
		{name: "path without an instance", path: testFile, text: good},
		{name: "no such instance", instance: "other", text: good,
			want: []string{"Instance configuration file 'other' not found (/etc/default/imon-other, /etc/config/imon)"}},
		{name: "no such path", instance: "main", path: "/tmp/a\nb", text: good,
			want: []string{`Instance configuration file '/tmp/a\nb' not found`}},
		{name: "empty instance", text: good,
			want: []string{"Invalid value '' for instance (" + instanceRule + ")"}},
		{name: "bad instance with a path", instance: "a b", path: testFile, text: good,
			want: []string{"Invalid value 'a b' for instance (" + instanceRule + ")"}},
		{name: "too large", instance: "main", text: good + strings.Repeat(" ", 1<<20),
			want: []string{"Configuration file '/etc/default/imon-main' is larger than 1048576 bytes"}},
		{name: "just not too large", instance: "main", text: good + strings.Repeat(" ", 1<<20-len(good))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _, err := Load(disk(t, tt.text), tt.instance, tt.path)
			wantFaults(t, err, tt.want...)
			if err == nil && c.Path != testFile {
				t.Errorf("Config.Path = %q", c.Path)
			}
		})
	}
}

const instanceRule = "it must be 1 to 63 of the characters A-Z a-z 0-9 _ . @ -, begin with a letter," +
	" a digit or _, and not contain two dots in a row"

// locked is a file system in which nothing can be opened, or nothing be read.
type locked struct {
	afero.Fs
	open, read error
}

func (l locked) Open(name string) (afero.File, error) {
	if l.open != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: l.open}
	}
	f, err := l.Fs.Open(name)
	return lockedFile{f, l.read}, err
}

type lockedFile struct {
	afero.File
	err error
}

func (f lockedFile) Read([]byte) (int, error) { return 0, f.err }

func TestLoadUnreadable(t *testing.T) {
	want := "Configuration file '/etc/default/imon-main' cannot be read: "
	_, _, err := Load(locked{Fs: disk(t, "{}"), open: os.ErrPermission}, "main", "")
	wantFaults(t, err, want+"permission denied")
	_, _, err = Load(locked{Fs: disk(t, "{}"), read: errors.New("I/O error")}, "main", "")
	wantFaults(t, err, want+"I/O error")
}

func TestLoadDirectory(t *testing.T) {
	_, _, err := Load(afero.NewOsFs(), "main", t.TempDir())
	if err == nil || !strings.HasSuffix(err.Error(), "cannot be read: is a directory") {
		t.Errorf("Load of a directory: %v", err)
	}
}

func TestLoadDoesNotWrite(t *testing.T) {
	fs := afero.NewReadOnlyFs(disk(t, ping(`"interval": 5`)))
	if _, _, err := Load(fs, "main", ""); err != nil {
		t.Error(err)
	}
}
