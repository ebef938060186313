package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// password is hard to hide: it looks different wherever it is quoted.
const password = "tr0ub4dor &\" 3"

// token is a secret in a URL.
const token = "t0ken-1337-7331"

// sentWords are the passwords as a provider is told them, and could send them back.
func sentWords() []string {
	return []string{password, "tr0ub4dor%20%26%22%203", "tr0ub4dor+%26%22+3", base64.StdEncoding.EncodeToString([]byte("joe:" + password))}
}

// secretWords are what nobody must see, not even in part.
func secretWords() []string {
	return append(sentWords(), token, "Z2VoZWltZXIgU2NobHVlc3NlbA", "geheimer Schluessel", "tr0ub4dor", token[:9])
}

// inSecret are the ways in which a secret is used, all of which fail here.
func inSecret(l *lab.Lab) map[string]map[string]any {
	server := strings.TrimSuffix(l.Providers[2].URL(), "/ip")
	return map[string]map[string]any{
		"rfc2136": {"update-server": "192.168.42.1:5353", "zone": "home.example", "hostname": "a.home.example",
			"key-name": "imon", "key-secret": "Z2VoZWltZXIgU2NobHVlc3NlbA=="},
		"dyndns2": {"update-server": server, "hostname": "a.home.example", "username": "joe", "password": password},
		"url":     {"update-server": server + "/" + token + "?u={username}&p={password}", "hostname": "a.home.example", "username": "joe", "password": password},
	}
}

// A provider that sends back all it was told does not bring a secret into the log, nor
// into anything else that others can read.
func TestSecretsAreNeverShown(t *testing.T) {
	for update := range inSecret(&lab.Lab{Providers: []*lab.Provider{2: new(lab.Provider)}}) {
		t.Run(update, func(t *testing.T) {
			t.Parallel()
			keepsSecrets(t, update)
		})
	}
}

func keepsSecrets(t *testing.T, update string) {
	script, calls := notary(t, t.TempDir())
	d := openCounter(t, func(c lab.Config) {
		c.Set("global", "action", script).Set("ddns", "enable", true).Set("ddns", "update", update)
	})
	d.config.Set("ddns", "providers", d.Providers[0].URL()+","+d.Providers[1].URL())
	for key, value := range inSecret(d.Lab)[update] {
		d.config.Set("ddns", key, value)
	}
	echo := ""
	if update == "url" {
		echo = " " + token
	}
	d.Providers[2].Behave(lab.Answer{Body: "ERROR \x1b[2J" + strings.Join(sentWords(), " ") + echo})
	state := t.TempDir()
	d.bench.launch(d.variable(), stateVariable+"="+state)
	d.see(d.started, "Cannot deliver ")
	d.until("the script was told", func() bool { return strings.Contains(content(calls), "arg ddns-ip-update\n") })
	shown := map[string]string{"log": d.Text(), "script": content(calls), "status": d.whole(), "metrics": d.pageWith("/metrics", "imon_up{")}
	for _, file := range []string{"cmdline", "environ"} {
		shown[file] = content(fmt.Sprintf("/proc/%d/%s", d.Pid(), file))
	}
	got := d.as(0, "check", "--config", d.file())
	shown["check"] = got.stdout + got.stderr
	if got.code != 0 || !strings.Contains(got.stdout, "***") {
		t.Errorf("check: %+v", got)
	}
	d.stop(15)
	filepath.WalkDir(state, func(path string, e fs.DirEntry, _ error) error {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			shown[path] = content(path)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		}
		return nil
	})
	for where, text := range shown {
		for _, secret := range secretWords() {
			if strings.Contains(text, secret) {
				t.Errorf("%q in %s:\n%s", secret, where, text)
			}
		}
		if text == "" && where != "environ" {
			t.Errorf("nothing in %s", where)
		}
	}
	d.logIsClean("net42")
}

// whole is the state as the socket tells it.
func (d *counter) whole() string { d.t.Helper(); return d.pageWith("/status", `"monitors"`) }

// pageWith is what the socket answers, which must have some text in it.
func (d *counter) pageWith(path, text string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 10*time.Second)
	defer cancel()
	body, err := ask(ctx, d.socket(), "GET "+path+" HTTP/1.0\r\n\r\n")
	if err != nil || !strings.Contains(body, text) {
		d.t.Fatalf("%v: %s", err, body)
	}
	return body
}

// A file with a secret that everybody can read is told, and one that imon keeps is
// its own.
func TestFilesOfOthersAreTold(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	key := filepath.Join(directory, "key")
	if err := os.WriteFile(key, []byte("Z2VoZWlt\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := invokeReal(t, `{"ddns": {"enable": true, "update": "rfc2136", "update-server": "192.0.2.53", "hostname": "a.example",
"key-name": "imon", "key-file": "`+key+`"}}`)
	if want := "% File '" + key + "' for key-file can be read by everybody ("; !strings.Contains(got.stderr, want) {
		t.Errorf("%+v\nwant %s", got, want)
	}
}
