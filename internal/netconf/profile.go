package netconf

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/afero"
)

// profile is one of NetworkManager's connections: nm-settings-keyfile(5).
type profile struct {
	keyfile
	id, uuid string
	file     string
}

// profileDirs are where NetworkManager has its connections. The first file of
// several with the same UUID counts.
func profileDirs() []string {
	return []string{
		"/run/NetworkManager/system-connections",
		"/etc/NetworkManager/system-connections",
		"/usr/lib/NetworkManager/system-connections",
	}
}

// profiles are all connections that can be read; denied tells that there are
// others that only root may read.
func (m machine) profiles() (all []profile, denied bool) {
	for _, dir := range profileDirs() {
		files, err := afero.ReadDir(m.fs, dir)
		denied = denied || errors.Is(err, fs.ErrPermission)
		for _, file := range files {
			if !isProfile(dir, file) {
				continue
			}
			name := path.Join(dir, file.Name())
			text, err := afero.ReadFile(m.fs, name)
			denied = denied || errors.Is(err, fs.ErrPermission)
			p := newProfile(name, string(text))
			if err == nil && !slices.ContainsFunc(all, func(q profile) bool { return q.uuid == p.uuid }) {
				all = append(all, p)
			}
		}
	}
	return all, denied
}

// newProfile reads a connection. It need have neither name nor UUID.
func newProfile(file, text string) profile {
	k := parseKeyfile(text)
	return profile{
		keyfile: k,
		id:      cmp.Or(k.text("connection", "id"), strings.TrimSuffix(path.Base(file), ".nmconnection")),
		uuid:    cmp.Or(k.uuid("connection", "uuid"), fallbackUUID(file)),
		file:    file,
	}
}

// isProfile reports whether NetworkManager takes a file for a connection. In /etc
// the name need not end in .nmconnection.
func isProfile(dir string, file fs.FileInfo) bool {
	name := file.Name()
	switch {
	case file.IsDir(), strings.HasPrefix(name, "."):
		return false
	case strings.HasSuffix(name, ".nmconnection"):
		return true
	}
	return strings.HasPrefix(dir, "/etc/") && !strings.HasSuffix(name, "~") && path.Ext(name) == ""
}

// name is how nmcli is told of p: by its name, or by its UUID when its name is
// another one's too, or one that could be misread.
func (p profile) name(all []profile) string {
	for _, q := range all {
		if q.id == p.id && q.uuid != p.uuid {
			return "uuid " + quote(p.uuid)
		}
	}
	if p.id == "" || strings.HasPrefix(p.id, "-") || strings.ContainsFunc(p.id, unprintable) ||
		slices.Contains([]string{"id", "uuid", "path", "apath", "filename", "help"}, p.id) {
		return "uuid " + quote(p.uuid)
	}
	return quote(p.id)
}

// uuid is the value of a key that is a UUID; NetworkManager takes none that cannot be
// printed.
func (k keyfile) uuid(section, key string) string {
	uuid := strings.TrimSpace(k.last(section, key))
	if strings.ContainsFunc(uuid, unprintable) {
		return ""
	}
	return uuid
}

// unprintable is true of characters that would spoil a terminal or a log line, and of what
// is not UTF-8.
func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// told reports whether p has been told to install no default route.
func (p profile) told() bool { return p.yes("ipv4", "never-default") }

// installs reports whether p installs the default route that its DHCP server or
// its gateway setting calls for.
func (p profile) installs() bool {
	switch method := p.method(); {
	case p.told() || !inMain(p.last("ipv4", "route-table")):
		return false
	case method != "auto" && method != "manual":
		return false
	case p.gateway():
		return true
	default:
		return method == "auto" && !p.yes("ipv4", "ignore-auto-routes")
	}
}

// method is how p gets its IPv4 addresses. A port of a bridge or bond has none.
func (p profile) method() string {
	for _, key := range []string{"master", "controller", "slave-type", "port-type"} {
		if p.last("connection", key) != "" {
			return "disabled"
		}
	}
	return cmp.Or(strings.TrimSpace(p.last("ipv4", "method")), "auto")
}

// gateway reports whether p names a gateway: by itself or behind an address.
func (p profile) gateway() bool {
	for _, e := range p.keyfile {
		gateway, ok := "", false
		switch number, isAddress := strings.CutPrefix(e.key, "address"); {
		case e.section != "ipv4":
		case e.key == "gateway":
			gateway, ok = e.value, true
		case isAddress && strings.Trim(number, "0123456789") == "":
			_, gateway, ok = strings.Cut(e.value, ",")
		}
		if gateway = strings.TrimSpace(gateway); ok && gateway != "" && gateway != "0.0.0.0" {
			return true
		}
	}
	return false
}

// routes are the default routes that p lists, as nmcli writes them. They are
// installed even when p has been told to install none.
func (p profile) routes() (all []string) {
	for _, e := range p.keyfile {
		number, ok := strings.CutPrefix(e.key, "route")
		if e.section != "ipv4" || !ok || number == "" || strings.Trim(number, "0123456789") != "" || p.method() == "disabled" {
			continue
		}
		options := p.last("ipv4", e.key+"_options")
		words := strings.FieldsFunc(e.value, func(r rune) bool { return strings.ContainsRune(",; ", r) })
		if len(words) > 0 && words[0] == "0.0.0.0/0" && inMain(option(options, "table")) {
			words = append(words, strings.FieldsFunc(options, func(r rune) bool { return r == ',' })...)
			if route := strings.Join(words, " "); !strings.ContainsFunc(route, unprintable) { // NetworkManager takes no such one
				all = append(all, route)
			}
		}
	}
	return all
}

// option is the value of one of the options of a route, "a=1,b=2".
func option(options, name string) string {
	for _, o := range strings.Split(options, ",") {
		if value, ok := strings.CutPrefix(o, name+"="); ok {
			return value
		}
	}
	return ""
}

// inMain reports whether a routing table's number, if any, stands for the main one.
func inMain(table string) bool {
	table = strings.TrimSpace(table)
	return table == "" || table == "0" || table == "254"
}
