package update

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
)

// recipes are the fenced blocks of docs/ddns.md in that language, by the heading
// that they stand below.
func recipes(t *testing.T, language string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/ddns.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, part := range regexp.MustCompile(`(?m)^##+ `).Split(string(text), -1)[1:] {
		heading, rest, _ := strings.Cut(part, "\n")
		if _, block, ok := strings.Cut(rest, "```"+language+"\n"); ok {
			found[heading], _, _ = strings.Cut(block, "```")
		}
	}
	return found
}

// request is a web server that notes what it was asked, and how it answers.
type request struct {
	url    string
	login  probe.Login
	answer string
}

func (r *request) Fetch(_ context.Context, url string, login probe.Login, _ probe.Path) (probe.Page, error) {
	r.url, r.login = url, login
	return probe.Page{Status: 200, Body: r.answer}, nil
}

// load reads a recipe as imon does.
func load(t *testing.T, recipe string) config.DDNS {
	t.Helper()
	fs := afero.NewMemMapFs()
	for path, content := range map[string]string{"/etc/default/imon-main": recipe, "/etc/imon/ddns.password": "pass&word\n", "/etc/imon/home.key": goodSecret} {
		if err := afero.WriteFile(fs, path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, warnings, err := config.Load(fs, "main", "")
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, %v", err, warnings)
	}
	return c.DDNS
}

// Each recipe sends exactly what its provider wants, and no more.
func TestRecipes(t *testing.T) {
	const both = "203.0.113.7,2001:db8::7"
	all := recipes(t, "json")
	delete(all, "Your own name server: RFC 2136") // not by HTTP, see TestRealBIND
	for name, want := range map[string]request{
		"DuckDNS":            {"https://www.duckdns.org/update?domains=myhome.duckdns.org&token=pass%26word&ip=203.0.113.7&ipv6=2001:db8::7", probe.Login{}, "OK"},
		"No-IP":              {"https://dynupdate.no-ip.com/nic/update?hostname=myhome.ddns.net&myip=203.0.113.7", probe.Login{User: "me@example.org", Password: "pass&word"}, "nochg 203.0.113.7"},
		"Dyn":                {"https://members.dyndns.org/v3/update?hostname=myhome.dyndns.org&myip=203.0.113.7", probe.Login{User: "me", Password: "pass&word"}, "good 203.0.113.7"},
		"deSEC":              {"https://update.dedyn.io/update?hostname=myhome.dedyn.io&myipv4=203.0.113.7&myipv6=2001:db8::7", probe.Login{User: "myhome.dedyn.io", Password: "pass&word"}, "good"},
		"Hurricane Electric": {"https://dyn.dns.he.net/nic/update?hostname=home.example.org&myip=203.0.113.7", probe.Login{User: "home.example.org", Password: "pass&word"}, "good 203.0.113.7"},
		"Namecheap":          {"https://dynamicdns.park-your-domain.com/update?host=home&domain=example.org&password=pass%26word&ip=203.0.113.7", probe.Login{}, "<?xml version=\"1.0\"?><interface-response><ErrCount>0</ErrCount></interface-response>"},
		"OVH":                {"https://www.ovh.com/nic/update?system=dyndns&hostname=home.example.org&myip=203.0.113.7", probe.Login{User: "example.org-me", Password: "pass&word"}, "good 203.0.113.7"},
		"Strato":             {"https://dyndns.strato.com/nic/update?hostname=home.example.org&myip=" + both, probe.Login{User: "example.org", Password: "pass&word"}, "good " + both},
		"INWX":               {"https://dyndns.inwx.com/nic/update?hostname=home.example.org&myip=203.0.113.7&myipv6=2001:db8::7", probe.Login{User: "me", Password: "pass&word"}, "good 203.0.113.7"},
		"FreeDNS":            {"https://freedns.afraid.org/dynamic/update.php?pass%26word&address=203.0.113.7", probe.Login{}, "Updated 1 host(s) home.mooo.com to 203.0.113.7 in 0.1 seconds"},
	} {
		recipe := all[name]
		delete(all, name)
		cfg := load(t, recipe)
		got := &request{answer: want.answer}
		n := network(map[string]string{"/etc/imon/ddns.password": "pass&word\n"})
		n.Web = got
		p := parcelOf(cfg.Delivery.Hostname, four)
		if cfg.Family == config.FamilyBoth {
			p = parcelOf(cfg.Delivery.Hostname, four, six)
		}
		if err := n.carrierOf(cfg.Delivery).carry(t.Context(), p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if *got != want {
			t.Errorf("%s\n got %+v\nwant %+v", name, *got, want)
		}
	}
	if len(all) > 0 {
		t.Errorf("recipes without a test: %v", all)
	}
}

func TestRecipeForOnesOwnNameServerLoads(t *testing.T) {
	if d := load(t, recipes(t, "json")["Your own name server: RFC 2136"]).Delivery; d.Method != config.UpdateRFC2136 || d.Server != "ns1.example.org" {
		t.Errorf("%+v", d)
	}
}

// The scripts of the page hand on what they get, and how it went.
func TestScripts(t *testing.T) {
	scripts := recipes(t, "sh")
	for name, want := range map[string]string{
		"Cloudflare": `--silent --show-error --fail --max-time 30 --output /dev/null --request PATCH --header @/etc/imon/cloudflare.header ` +
			`--header Content-Type: application/json --data {"content":"203.0.113.7"} ` +
			`https://api.cloudflare.com/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/372e67954025e0ba6aaa6d586b9e0b59`,
		"OpenWrt: handing over to ddns-scripts": "-v 0 -- start",
	} {
		dir := t.TempDir()
		fake := "#!/bin/sh\necho \"$@\" >>" + dir + "/told\nexit 22\n"
		for _, program := range []string{"curl", "updater"} {
			if err := os.WriteFile(filepath.Join(dir, program), []byte(fake), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		script := strings.NewReplacer("/usr/lib/ddns/dynamic_dns_updater.sh", dir+"/updater", "/var/run/imon", dir+"/run").Replace(scripts[name])
		write(t, dir, "action", script)
		for event, code := range map[string]int{"ddns-ip-update": 22, "ddns-no-update": 0} {
			cmd := exec.Command("sh", filepath.Join(dir, "action"), "main", "0", event, four, "unknown")
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
			if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != code {
				t.Errorf("%s, %s: exit %d, want %d: %s", name, event, cmd.ProcessState.ExitCode(), code, out)
			}
		}
		if told, err := os.ReadFile(filepath.Join(dir, "told")); err != nil || string(told) != want+"\n" {
			t.Errorf("%s: told %q, %v", name, told, err)
		}
		if name != "Cloudflare" {
			if address, err := os.ReadFile(filepath.Join(dir, "run", "address")); err != nil || string(address) != four+"\n" {
				t.Errorf("%s: wrote %q, %v", name, address, err)
			}
		}
	}
}
