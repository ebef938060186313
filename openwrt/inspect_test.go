package openwrt_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entry is one member of a tar.
type entry struct {
	name string
	dir  bool
	mode int64
}

// contents are the members of data.tar.gz, in their order.
func contents() []entry {
	return []entry{
		{"./", true, 0o755}, {"./etc/", true, 0o755},
		{"./etc/capabilities/", true, 0o755}, {"./etc/capabilities/imon.json", false, 0o644},
		{"./etc/config/", true, 0o755}, {"./etc/config/imon", false, 0o600},
		{"./etc/init.d/", true, 0o755}, {"./etc/init.d/imon", false, 0o755},
		{"./lib/", true, 0o755}, {"./lib/upgrade/", true, 0o755},
		{"./lib/upgrade/keep.d/", true, 0o755}, {"./lib/upgrade/keep.d/imon", false, 0o644},
		{"./usr/", true, 0o755}, {"./usr/bin/", true, 0o755}, {"./usr/bin/imon", false, 0o755},
		{"./usr/bin/imon-configure", false, 0o777},
		{"./usr/share/", true, 0o755},
		{"./usr/share/imon/", true, 0o755}, {"./usr/share/imon/imon-action.sample", false, 0o755},
		{"./usr/share/rpcd/", true, 0o755}, {"./usr/share/rpcd/acl.d/", true, 0o755},
		{"./usr/share/rpcd/acl.d/imon.json", false, 0o644},
	}
}

// archive is a gzipped tar: its members, their texts by name, the one time (UNIX)
// that all of them have, and how many bytes the tar has.
type archive struct {
	list  []entry
	texts map[string]string
	time  int64
	size  int
}

// unpack reads an archive. It fails on owners other than 0:0 and on different times.
func unpack(t *testing.T, gz string) archive {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(gz))
	if err != nil {
		t.Fatal(err)
	}
	if !z.ModTime.IsZero() || z.Name != "" {
		t.Errorf("gzip's header has a time (%v) or a name (%q)", z.ModTime, z.Name)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	a := archive{texts: map[string]string{}, size: len(all)}
	for r := tar.NewReader(bytes.NewReader(all)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return a
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(a.list) == 0 {
			a.time = h.ModTime.Unix()
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.ModTime.Unix() != a.time {
			t.Errorf("%s: owner %d:%d (%q:%q), time %v", h.Name, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime)
		}
		text, _ := io.ReadAll(r)
		a.list = append(a.list, entry{h.Name, h.Typeflag == tar.TypeDir, h.Mode})
		a.texts[h.Name] = string(text)
	}
}

// inspect holds a package against what opkg wants, and returns the texts of its
// files, those for opkg itself (./control, ./postinst) included.
func inspect(t *testing.T, path, version, label string) map[string]string {
	t.Helper()
	outer := unpack(t, read(t, path))
	members(t, outer, []entry{{"./debian-binary", false, 0o644}, {"./data.tar.gz", false, 0o644}, {"./control.tar.gz", false, 0o644}})
	data, control := unpack(t, outer.texts["./data.tar.gz"]), unpack(t, outer.texts["./control.tar.gz"])
	members(t, data, contents())
	members(t, control, []entry{{"./", true, 0o755}, {"./conffiles", false, 0o644}, {"./control", false, 0o644}, {"./postinst", false, 0o755}, {"./prerm", false, 0o755}})
	fields := parseControl(t, control.texts["./control"])
	for name, want := range map[string]string{
		"Package": "imon", "Version": version, "Architecture": label, "Depends": "ca-bundle", "License": "MIT", "Section": "net",
		"Installed-Size": fmt.Sprint(data.size), "SourceDateEpoch": fmt.Sprint(outer.time),
	} {
		if fields[name] != want {
			t.Errorf("%s: %q, want %q", name, fields[name], want)
		}
	}
	if outer.time != data.time || outer.time != control.time || outer.texts["./debian-binary"] != "2.0\n" {
		t.Errorf("times %d, %d, %d, format %q", outer.time, data.time, control.time, outer.texts["./debian-binary"])
	}
	for name, text := range control.texts {
		data.texts[name] = text
	}
	return data.texts
}

func members(t *testing.T, a archive, want []entry) {
	t.Helper()
	if diff := cmp.Diff(want, a.list, cmp.AllowUnexported(entry{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// parseControl reads the fields as opkg does: "Name: value", and lines that begin
// with a blank belong to the field before. There is no empty line.
func parseControl(t *testing.T, text string) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		name, value, ok := strings.Cut(line, ": ")
		switch {
		case strings.HasPrefix(line, " ") && len(fields) > 0:
		case ok && regexp.MustCompile(`^[A-Z][A-Za-z-]*$`).MatchString(name) && fields[name] == "":
			fields[name] = strings.TrimSpace(value)
		default:
			t.Errorf("control: line %q", line)
		}
	}
	return fields
}
