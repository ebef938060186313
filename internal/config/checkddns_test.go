package config

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/afero"
)

// ddns is a file with these lines in the section ddns, in line 4.
func ddnsFile(enable, lines string) string {
	return "{\n\"failover\": {\"enable\": false, \"primary-if\": \"eth1\", \"primary-gw\": \"192.0.2.1\", \"standby-if\": \"eth2\", \"standby-gw\": \"198.51.100.1\"},\n" +
		"\"ping\": {\"enable\": true, \"monitorip\": \"192.0.2.1\"}, \"ddns\": {\"enable\": " + enable + ",\n" + lines + "\n}}"
}

func TestSettingsOfDDNSThatDoNotGoTogether(t *testing.T) {
	const ns, url = `"hostname": "h.example", "update": "rfc2136", "update-server": "ns.example"`, `"update": "url", "update-server": "https://a.example/?"`
	for _, tt := range []struct{ lines, fault string }{
		{`"sources": "dns,command"`, "'dns,command' for sources: needs a program in command"},
		{`"sources": ["DNS","http"]`, ""},
		{`"sources": "dns,ftp"`, "'ftp' for sources: must be a list of interface, dns, http and command"},
		{`"follow": "each"`, "'each' for follow: must be active, as [failover] is not enabled"},
		{`"follow": "both"`, "'both' for follow: must be active or each"},
		{`"hostname": "192.0.2.1"`, "'192.0.2.1' for hostname: must be a DNS name"},
		{`"update": "ftp"`, "'ftp' for update: must be rfc2136, dyndns2, url or nothing"},
		{`"ttl": -1`, "'-1' for ttl: must be a whole number from 0 to 2147483647"},
		{ns, ""},
		{ns + `, "key-name": "k", "key-secret": "c2VjcmV0"`, ""},
		{ns + `, "key-name": "k"`, "'k' for key-name: needs a key-secret or a key-file"},
		{ns + `, "key-secret": "c2VjcmV0"`, "'***' for key-secret: needs a key-name"},
		{ns + `, "key-name": "k", "key-secret": "hush!"`, "'***' for key-secret: must be in base64"},
		{ns + `, "key-name": "k", "key-secret": "c2VjcmV0", "key-file": "/secret"`, "'/secret' for key-file: must not be there beside key-secret"},
		{ns + `, "key-algorithm": "hmac-md5"`, "'hmac-md5' for key-algorithm: must be hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512"},
		{`"hostname": "h.example", "update": "rfc2136", "update-server": "https://ns.example/t0ken"`,
			"'https://ns.example/***' for update-server: must be HOST or HOST:PORT for update rfc2136"},
		{`"update": "url", "update-server": "a.example"`, "'a.example' for update-server: must be an http:// or https:// URL for update url"},
		{`"update": "url", "update-server": "https://a.example/?t0ken={secret}"`, "'***' for update-server: " + KindServer.rule()},
		{`"update": "url", "update-server": "https://me:t0ken@a.example/"`, "'***' for update-server: " + KindServer.rule()},
		{`"update": "url", "update-server": "a.example/?t0ken=1"`, "'***' for update-server: " + KindServer.rule()},
		{url + `, "password": "p", "password-file": "/secret"`, "'/secret' for password-file: must not be there beside password"},
	} {
		var want []string
		if value, rule, found := strings.Cut(tt.fault, ": "); found {
			_, key, _ := strings.Cut(value, " for ")
			want = []string{"Invalid value " + value + " (" + testFile + ":4: ddns." + key + " " + rule + ")"}
		}
		_, _, err := loadDDNS(t, ddnsFile("true", tt.lines))
		t.Run(tt.lines, func(t *testing.T) { wantFaults(t, err, want...) })
	}
}

// loadDDNS is load where there is a file with a secret, for its owner.
func loadDDNS(t *testing.T, text string) (Config, []Warning, error) {
	t.Helper()
	fs := disk(t, text)
	for path, mode := range map[string]uint32{"/secret": 0o600, "/open": 0o644} {
		if err := afero.WriteFile(fs, path, []byte("s"), 0o600); err != nil || fs.Chmod(path, os.FileMode(mode)) != nil {
			t.Fatal(err)
		}
	}
	return Load(fs, "main", "")
}

func TestUpdatesThatLackSomething(t *testing.T) {
	for lines, missing := range map[string]string{
		`"update": "rfc2136"`: "rfc2136:  update-server hostname",
		`"update": "dyndns2"`: "dyndns2:  update-server hostname username password",
		`"update": "url"`:     "url:  update-server",
		`"update": "url", "update-server": "https://a.example/{username}{password}{hostname}"`:                                     "url:  hostname username password",
		`"update": "url", "update-server": "https://a.example/{ip}"`:                                                               "",
		`"update": "dyndns2", "update-server": "https://a.example/", "hostname": "h", "username": "u", "password-file": "/secret"`: "",
	} {
		_, _, err := loadDDNS(t, ddnsFile("true", lines))
		if missing == "" {
			wantFaults(t, err)
			continue
		}
		wantFaults(t, err, "Missing settings for update "+missing+" ("+testFile+":4)")
		c, warnings, err := loadDDNS(t, ddnsFile("false", lines))
		if err != nil || c.DDNS.Enable || len(warnings) != 1 {
			t.Errorf("%s, not enabled: %v, %v", lines, err, warnings)
		}
	}
}

func TestFilesOfDDNS(t *testing.T) {
	for lines, want := range map[string]string{
		`"sources": "command", "command": "/none"`:   "Program '/none' not found (" + testFile + ":4)",
		`"sources": "command", "command": "/secret"`: "Program '/secret' not executable (" + testFile + ":4: ddns.command must be a file that may be executed)",
		`"key-file": "/none"`:                        "File '/none' for key-file not found (" + testFile + ":4)",
		`"password-file": "/etc"`:                    "File '/etc' for password-file cannot be read (" + testFile + ":4: ddns.password-file must be a regular file)",
	} {
		_, _, err := loadDDNS(t, ddnsFile("true", lines))
		wantFaults(t, err, want)
	}
}

func TestWhatOfDDNSIsNotUsed(t *testing.T) {
	for lines, want := range map[string]string{
		`"command": "/secret"`:                       "Program '/secret' not executable",
		`"primary-hostname": "p.example"`:            "'p.example' for primary-hostname is not used, as follow is active (" + testFile + ":4)",
		`"update-server": "https://a.example/t0ken"`: "'https://a.example/***' for update-server is not used, as update is not set (" + testFile + ":4)",
		`"password-file": "/open"`:                   "File '/open' for password-file can be read by everybody (" + testFile + ":4: mode should be 0600)",
		`"password": "hush"`:                         "A secret stands in a file that everybody can read (" + testFile + ":3: mode should be 0600)",
		`"update": "url", "update-server": "http://a.example/", "password-file": "/secret"`: "The password is sent without encryption (" + testFile + ":4: ddns.update-server should begin with https://)",
	} {
		_, warnings, err := loadDDNS(t, ddnsFile("true", lines))
		if err != nil {
			wantFaults(t, err, want+" ("+testFile+":4: ddns.command must be a file that may be executed)")
			continue
		}
		wantWarnings(t, warnings, want)
	}
}

func TestEachUplinkHasItsName(t *testing.T) {
	const each = `"follow": "each", "primary-hostname": "p.example", "further-hostnames": `
	on := func(lines, uplinks string) string {
		return strings.Replace(ddnsFile("true", lines), `"enable": false,`, `"enable": true, "uplinks": "`+uplinks+`",`, 1)
	}
	c, warnings := mustLoad(t, on(each+`"l.example"`, "if=wwan0 gw=auto"))
	wantWarnings(t, warnings)
	if got := strings.Join(c.DDNS.Delivery.Hostnames(3), "|"); got != "p.example||l.example" {
		t.Errorf("names %s", got)
	}
	_, warnings = mustLoad(t, on(`"hostname": "h.example", `+each+`""`, ""))
	wantWarnings(t, warnings, "'h.example' for hostname is not used, as follow is each ("+testFile+":4)")
	_, _, err := load(t, on(each+`"l.example"`, ""))
	wantFaults(t, err, "Invalid value 'l.example' for further-hostnames ("+testFile+":4: ddns.further-hostnames must have at most 0 names, as many as failover.uplinks has)")
}

// No secret is in what imon says of a configuration, right or wrong.
func TestSecretsAreNotShown(t *testing.T) {
	const secret = "aHVzaGh1c2g=" // base64
	for _, text := range []string{
		`"key-name": "k", "key-secret": "` + secret + `", "password": "` + secret + `", "update": "url", "update-server": "https://a.example/?t=` + secret + `"`,
		`"key-secret": "` + secret + `\u0001", "password": "` + secret + `\u0001", "update-server": "` + secret + `://x"`,
		`"password": ["` + secret + `"], "key-secret": {"a": "` + secret + `"}`,
		`"passwort": "` + secret + `"`,
	} {
		for _, enable := range []string{"true", "false"} {
			c, warnings, err := load(t, ddnsFile(enable, text))
			said := strings.Join(lines(c), "\n")
			for _, w := range warnings {
				said += w.String()
			}
			if faults, ok := err.(Faults); ok {
				for _, f := range faults {
					said += f.Error() + f.Value + f.Rule
				}
			}
			if strings.Contains(said, secret) {
				t.Errorf("%s\nsaid %s", text, said)
			}
		}
	}
	c, _ := mustLoad(t, ddnsFile("true", `"password": "`+secret+`"`))
	if got := listed(c, "ddns", "password"); got != "***" {
		t.Errorf("the password is listed as %s", got)
	}
	if got := listed(c, "ddns", "key-secret"); got != "not listed" {
		t.Errorf("no key is listed as %s", got)
	}
}
