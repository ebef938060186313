package config

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// ddns checks that the settings of ddns go together.
func (b *builder) ddns() {
	b.sources()
	b.followed()
	b.delivery()
	b.secrets()
	b.program("ddns", "command", b.c.DDNS.Command, "Program")
	b.secretFile("key-file", b.c.DDNS.Delivery.KeyFile)
	b.secretFile("password-file", b.c.DDNS.Delivery.PasswordFile)
	b.readableByAll()
}

func (b *builder) sources() {
	switch d := b.c.DDNS; {
	case d.Has(SourceCommand) && d.Command == "":
		b.wrongKey("ddns", "sources", "needs a program in command")
	case !d.Has(SourceCommand) && d.Command != "":
		b.unusedKey("command", "sources has no command")
	}
}

// followed checks that there are the uplinks that names are for.
func (b *builder) followed() {
	d, f := b.c.DDNS, b.c.Failover
	switch {
	case d.Follow == FollowActive:
		for _, key := range []string{"primary-hostname", "standby-hostname", "further-hostnames"} {
			b.unusedKey(key, "follow is active")
		}
		return
	case !f.Enable:
		b.wrongKey("ddns", "follow", "must be active, as [failover] is not enabled")
	case len(d.Delivery.FurtherHostnames) > len(f.Further):
		b.wrongKey("ddns", "further-hostnames", fmt.Sprintf("must have at most %d names, as many as failover.uplinks has", len(f.Further)))
	}
	b.unusedKey("hostname", "follow is each")
}

// unusedKey warns of a setting that has no effect.
func (b *builder) unusedKey(key, why string) {
	k := b.key("ddns", key)
	if text := k.Get(b.c); text != k.Default && b.c.DDNS.Enable {
		b.warn(b.doc.section("ddns").lineOf(key), "", fmt.Sprintf("'%s' for %s is not used, as %s", shown(k.Hide(text)), key, why))
	}
}

// delivery checks that there is what the protocol needs.
func (b *builder) delivery() {
	d := b.c.DDNS.Delivery
	if d.Method == UpdateNone {
		b.unusedKey("update-server", "update is not set")
		return
	}
	b.missingForUpdate()
	isURL := strings.Contains(d.Server, "://")
	switch {
	case d.Server == "":
	case d.Method == UpdateRFC2136 && isURL:
		b.wrongKey("ddns", "update-server", "must be HOST or HOST:PORT for update rfc2136")
	case d.Method != UpdateRFC2136 && !isURL:
		b.wrongKey("ddns", "update-server", fmt.Sprintf("must be an http:// or https:// URL for update %s", d.Method))
	case strings.HasPrefix(d.Server, "http://") && d.Password+d.PasswordFile != "" && b.c.DDNS.Enable:
		b.warn(b.doc.section("ddns").lineOf("update-server"), b.doc.name("ddns", "update-server")+" should begin with https://",
			"The password is sent without encryption")
	}
}

// missingForUpdate reports the keys without which nothing can be updated.
func (b *builder) missingForUpdate() {
	d := b.c.DDNS.Delivery
	uses := func(placeholder string) bool { return d.Method == UpdateURL && strings.Contains(d.Server, placeholder) }
	names := d.Hostname
	hostname := "hostname"
	if b.c.DDNS.Follow == FollowEach {
		names, hostname = strings.Join(d.Hostnames(maxUplinks), ""), "primary-hostname"
	}
	var missing []string
	for _, need := range []struct {
		key     string
		lacking bool
	}{
		{"update-server", d.Server == ""},
		{hostname, names == "" && (d.Method != UpdateURL || uses("{hostname}"))},
		{"username", d.Username == "" && (d.Method == UpdateDynDNS2 || uses("{username}"))},
		{"password", d.Password+d.PasswordFile == "" && (d.Method == UpdateDynDNS2 || uses("{password}"))},
	} {
		if need.lacking && b.blank("ddns", need.key) { // what is there and wrong is told already
			missing = append(missing, need.key)
		}
	}
	if len(missing) > 0 {
		f := Fault{Line: b.doc.section("ddns").lineOf("update"), Section: "ddns", Key: "update", Value: string(d.Method)}
		b.unfit(f, fmt.Sprintf("Missing settings for update %s:  %s", d.Method, strings.Join(missing, " ")))
	}
}

// secrets checks that a secret stands in one place, and with what goes with it.
func (b *builder) secrets() {
	d := b.c.DDNS.Delivery
	switch _, err := base64.StdEncoding.DecodeString(d.KeySecret); {
	case err != nil:
		b.wrongKey("ddns", "key-secret", "must be in base64")
	case d.KeySecret != "" && d.KeyFile != "":
		b.wrongKey("ddns", "key-file", "must not be there beside key-secret")
	case d.KeySecret != "" && d.KeyName == "":
		b.wrongKey("ddns", "key-secret", "needs a key-name")
	case d.KeyName != "" && d.KeySecret+d.KeyFile == "" && b.blank("ddns", "key-secret"): // a wrong one is told already
		b.wrongKey("ddns", "key-name", "needs a key-secret or a key-file")
	}
	if d.Password != "" && d.PasswordFile != "" {
		b.wrongKey("ddns", "password-file", "must not be there beside password")
	}
}

// secretFile checks that a file with a secret is there, and for whom.
func (b *builder) secretFile(key, path string) {
	if path == "" {
		return
	}
	f := Fault{Line: b.doc.section("ddns").lineOf(key), Section: "ddns", Key: key, Value: path}
	info, err := b.stat(path)
	switch {
	case err != nil:
		b.unfit(f, fmt.Sprintf("File '%s' for %s not found", escape(path), key))
	case !info.Mode().IsRegular():
		f.Rule = "must be a regular file"
		b.unfit(f, fmt.Sprintf("File '%s' for %s cannot be read", escape(path), key))
	case info.Mode().Perm()&0o004 != 0:
		b.warn(f.Line, "mode should be 0600", fmt.Sprintf("File '%s' for %s can be read by everybody", escape(path), key))
	}
}

// readableByAll warns of secrets in a configuration that everybody can read.
func (b *builder) readableByAll() {
	if !b.c.HasSecret() {
		return
	}
	if info, err := b.stat(b.doc.path); err == nil && info.Mode().Perm()&0o004 != 0 {
		b.warn(b.doc.section("ddns").line, "mode should be 0600", "A secret stands in a file that everybody can read")
	}
}
