package netconf

import (
	"bufio"
	"strings"
)

// keyfile is a file of [sections] with lines "key=value": a GKeyFile, as
// NetworkManager has them, or a unit file of systemd.
type keyfile []entry

// entry is one line of a keyfile. A section of one name may occur several times;
// block tells them apart.
type entry struct {
	section, key, value string
	block               int
}

// parseKeyfile reads a keyfile. Lines that are none are passed over.
func parseKeyfile(text string) (k keyfile) {
	section, block := "", 0
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := strings.TrimLeft(lines.Text(), " \t")
		key, value, ok := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "#"), strings.HasPrefix(line, ";"):
		case strings.HasPrefix(line, "["):
			section, _, _ = strings.Cut(line[1:], "]")
			block++
		case ok:
			k = append(k, entry{section, strings.TrimRight(key, " \t"), strings.TrimLeft(value, " \t"), block})
		}
	}
	return k
}

// last is the value of a key; of several the last one counts.
func (k keyfile) last(section, key string) (value string) {
	for _, e := range k {
		if e.section == section && e.key == key {
			value = e.value
		}
	}
	return value
}

// text is the value of a key with its escapes resolved (g_key_file_get_string).
func (k keyfile) text(section, key string) string {
	return strings.NewReplacer(`\s`, " ", `\n`, "\n", `\t`, "\t", `\r`, "\r", `\\`, `\`).Replace(k.last(section, key))
}

// yes reports whether the value of a key is true in a GKeyFile, where only two
// words are.
func (k keyfile) yes(section, key string) bool {
	v := strings.TrimSpace(k.last(section, key))
	return v == "true" || v == "1"
}

// beside is the value of another key in the same section as e.
func (k keyfile) beside(e entry, key string) (value string) {
	for _, o := range k {
		if o.section == e.section && o.block == e.block && o.key == key {
			value = o.value
		}
	}
	return value
}
