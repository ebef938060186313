package openwrt_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/build"
	"github.com/ejgeiger/imon/internal/config"
)

// read returns the text of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tool finds a program: the one that the environment variable names, or the one
// on PATH. It says so when there is none.
func tool(t *testing.T, name, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		path, _ = exec.LookPath(name)
	}
	if path == "" {
		t.Logf("without a real %s (set %s to one): this part is passed over", name, variable)
	}
	return path
}

func TestShellSyntax(t *testing.T) {
	for _, file := range []string{
		"files/imon.init", "files/imon.postinst", "files/imon.prerm", "../rpi/imon-action.sample", "../scripts/ipk.sh",
	} {
		for _, shell := range [][]string{{"dash", "-n"}, {"busybox", "ash", "-n"}, {"shellcheck", "-s", "dash", "-e", "SC2034,SC2317,SC2329,SC2086,SC1090,SC1091,SC2068"}} {
			path := tool(t, shell[0], "IMON_"+strings.ToUpper(shell[0]))
			if path == "" {
				continue
			}
			if out, err := exec.Command(path, append(shell[1:], file)...).CombinedOutput(); err != nil {
				t.Errorf("%v %s: %v\n%s", shell, file, err, out)
			}
		}
	}
}

// options are the options of the shipped configuration, "#list" included.
func options(t *testing.T) (names, values []string) {
	t.Helper()
	_, text, _ := strings.Cut(read(t, "files/imon.config"), "config instance 'main'\n")
	for _, m := range regexp.MustCompile(`(?m)^\t(?:option|#?list) (\w+) '(.*)'$`).FindAllStringSubmatch(text, -1) {
		names, values = append(names, m[1]), append(values, m[2])
	}
	return names, values
}

// all are the names that an instance may have, in the order of the table.
func all() []string {
	names := []string{"enabled"}
	for _, k := range config.Keys() {
		names = append(names, k.Option())
	}
	return names
}

func TestConfigurationHasEveryOption(t *testing.T) {
	names, _ := options(t)
	if want := all(); !slices.Equal(names, want) {
		t.Errorf("files/imon.config has\n%v\nwant\n%v", names, want)
	}
}

// What is proposed for a new instance is the default, or what is better.
func TestConfigurationShowsWhatIsRecommended(t *testing.T) {
	examples := []string{"ddns_providers", "updown_monitorip", "ping_monitorip", "failover_uplinks",
		"failover_primary_if", "failover_primary_gw", "failover_standby_if", "failover_standby_gw"}
	names, values := options(t)
	for _, k := range config.Keys() {
		want := k.Recommended()
		if strings.HasSuffix(k.Name, "-ping6") {
			want = "" // the family is 4
		}
		i := slices.Index(names, k.Option())
		if i >= 0 && values[i] != want && !slices.Contains(examples, k.Option()) {
			t.Errorf("option %s '%s': want '%s'", names[i], values[i], want)
		}
	}
}

func TestEveryOptionIsExplained(t *testing.T) {
	lines := strings.Split(read(t, "files/imon.config"), "\n")
	for i, line := range lines {
		before := strings.TrimSpace(lines[max(i-1, 0)])
		if strings.Contains(line, "option ") && strings.HasPrefix(line, "\t") && before == "" {
			t.Errorf("line %d: no comment explains%s", i+1, line)
		}
	}
}

func TestInstallingChangesNothing(t *testing.T) {
	text := read(t, "files/imon.config")
	if strings.Count(text, "option enabled '0'") != 1 || strings.Contains(text, "enable 'true'") {
		t.Error("the shipped configuration must not start anything: default_postinst enables and starts the service")
	}
}

// enabled is the shipped configuration with all monitors on.
func enabled(t *testing.T) string {
	t.Helper()
	text := strings.ReplaceAll(read(t, "files/imon.config"), "enabled '0'", "enabled '1'")
	return strings.ReplaceAll(text, "_enable 'false'", "_enable 'true'")
}

func TestImonReadsTheConfiguration(t *testing.T) {
	fs := afero.NewMemMapFs()
	if err := afero.WriteFile(fs, config.UCIPath, []byte(enabled(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := config.Load(fs, "main", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Error(w)
	}
	if got := c.Enabled(); len(got) != 4 {
		t.Errorf("enabled: %v", got)
	}
}

func TestUCIReadsTheConfiguration(t *testing.T) {
	uci := tool(t, "uci", "IMON_UCI")
	if uci == "" {
		return
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/imon", []byte(enabled(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(uci, "-c", dir, "show", "imon").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"imon.globals.gogc='20'", "imon.main=instance", "imon.main.enabled='1'", "imon.main.failover_primary_gw='auto'"} {
		if !strings.Contains(string(out), want+"\n") {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

// The memory settings shown as defaults are those of the program.
func TestMemoryDefaultsAreTheProgram(t *testing.T) {
	program, shipped := read(t, "../cmd/imon/footprint.go"), read(t, "files/imon.config")
	for option, constant := range map[string]string{`gogc '(\d+)'`: `gcPercent += (\d+) `, `gomemlimit '(\d+)MiB'`: `memoryLimit = (\d+) << 20 `} {
		want, got := regexp.MustCompile(constant).FindStringSubmatch(program), regexp.MustCompile(option).FindStringSubmatch(shipped)
		if want == nil || got == nil || want[1] != got[1] {
			t.Errorf("%s: %v, in the program %v", option, got, want)
		}
	}
}

func TestEveryOptionIsValidated(t *testing.T) {
	kinds := map[config.Kind]string{
		config.KindBool: "bool", config.KindSeconds: "ufloat", config.KindCount: "range(1,1000)",
		config.KindMetric: "range(0,2147483647)", config.KindPath: "file", config.KindHost4: "host", config.KindHost: "host", config.KindHosts: "string",
		config.KindText: "string", config.KindInterface: "string", config.KindGateway: "or('auto','none',ip4addr)", config.KindURLs: "string",
		config.KindGateway6: "or('auto','none',ip6addr)", config.KindTargets: "string", config.KindTargets6: "string", config.KindUplinks: "string",
		config.KindMethod: "or('icmp','dns','tcp','http')", config.KindFamily: "or('4','6','both')", config.KindPause: "ufloat", config.KindMillis: "ufloat",
		config.KindSources: "string", config.KindFollow: "or('active','each')", config.KindName: "string", config.KindNames: "string",
		config.KindUpdate: "or('rfc2136','dyndns2','url')", config.KindServer: "string", config.KindSecret: "string",
		config.KindAlgorithm: "or('hmac-sha1','hmac-sha224','hmac-sha256','hmac-sha384','hmac-sha512')",
		config.KindListen:    "string", config.KindPercent: "ufloat", config.KindNumber: "range(0,1000)", config.KindStatus: "range(100,599)",
	}
	want := []string{"enabled:bool"}
	for _, k := range config.Keys() {
		want = append(want, k.Option()+":"+kinds[k.Kind])
	}
	_, text, _ := strings.Cut(read(t, "files/imon.init"), "uci_validate_section imon instance \"$1\" \\\n")
	text, _, _ = strings.Cut(text, "\n}")
	var got []string
	for _, line := range strings.Split(text, "\n") {
		got = append(got, strings.Trim(line, "\t'\" \\"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("validated:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAccessList(t *testing.T) {
	type rights struct {
		UBUS map[string][]string `json:"ubus"`
		UCI  []string            `json:"uci"`
	}
	var groups map[string]struct {
		Description string
		Read, Write rights
	}
	if err := json.Unmarshal([]byte(read(t, "files/imon.acl.json")), &groups); err != nil {
		t.Fatal(err)
	}
	status, full := groups["imon-status"], groups["imon"]
	if len(groups) != 2 || status.Write.UBUS != nil || status.Read.UCI != nil || status.Write.UCI != nil {
		t.Errorf("imon-status may only look: %+v", groups)
	}
	if got := status.Read.UBUS["imon.*"]; !slices.Equal(got, []string{"status", "events"}) {
		t.Errorf("imon-status: %v", got)
	}
	if got := full.Write.UBUS["imon.*"]; !slices.Equal(got, []string{"check", "failover", "reload"}) {
		t.Errorf("imon: %v", got)
	}
}

func TestFeedMakefile(t *testing.T) {
	text := read(t, "Makefile")
	for _, want := range []string{
		"PKG_VERSION:=" + build.Version + "\n", "PKG_LICENSE:=MIT\n", "PKG_BUILD_FLAGS:=no-mips16\n", "+ca-bundle\n",
		"GO_PKG_LDFLAGS_X:=$(GO_PKG)/internal/build.Version=$(PKG_VERSION)\n",
		"define Package/imon/conffiles\n/etc/config/imon\nendef\n", "$(eval $(call BuildPackage,imon))\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the Makefile", want)
		}
	}
	for _, f := range contents() {
		if !f.dir && !strings.Contains(text, "$(1)"+strings.TrimPrefix(f.name, ".")+"\n") {
			t.Errorf("%s is in the ipk and not installed by the Makefile", f.name)
		}
	}
}

// labels are the lines of openwrt/labels: a label and its target.
func labels(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(read(t, "labels")), "\n")[1:] {
		label, target, _ := strings.Cut(line, " ")
		if _, twice := all[label]; twice {
			t.Errorf("label %s stands there twice", label)
		}
		all[label] = strings.TrimSpace(target)
	}
	return all
}

func TestLabels(t *testing.T) {
	for label, target := range labels(t) {
		if !strings.Contains(read(t, "../scripts/targets"), "\n"+target+" ") {
			t.Errorf("%s: scripts/targets has no %q", label, target)
		}
	}
	if got := len(labels(t)); got != 31 {
		t.Errorf("%d labels", got)
	}
}
