package metrics

import (
	"net/netip"
	"strings"
	"testing"
)

func primaryAddress() netip.Addr { return netip.MustParseAddr("203.0.113.7") }

func TestEscape(t *testing.T) {
	for value, want := range map[string]string{
		"": "", "eth1": "eth1", `\`: `\\`, `"`: `\"`, "\n": `\n`, `\n`: `\\n`, "Zürich": "Zürich", "\xff": "\uFFFD", `a"} 1` + "\nb 2": `a\"} 1\nb 2`,
	} {
		if got := escape(value); got != want {
			t.Errorf("%q becomes %q, want %q", value, got, want)
		}
	}
}

// value reads a label's value up to its closing quote, as Prometheus does.
func value(text string) (read, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], true
		case '\n':
			return "", "", false
		case '\\':
			i++
			if i == len(text) {
				return "", "", false
			}
			plain, known := map[byte]byte{'\\': '\\', '"': '"', 'n': '\n'}[text[i]]
			if !known {
				return "", "", false
			}
			b.WriteByte(plain)
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// FuzzLabel puts any text into a label: the line stays one, and reads back the same.
func FuzzLabel(f *testing.F) {
	for _, seed := range []string{"", "a", `\`, `"`, "\n", "\\n", "\xff\x00", `a"} 1` + "\nevil 2", "Zürich"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var p page
		p.sample("m", 1, "a", text)
		line := strings.TrimSuffix(p.String(), "\n")
		if text == "" {
			if line != "m 1" {
				t.Errorf("%q", line)
			}
			return
		}
		label, begins := strings.CutPrefix(line, `m{a="`)
		read, rest, ok := value(label)
		if !begins || !ok || rest != "} 1" || read != strings.ToValidUTF8(text, "\uFFFD") {
			t.Errorf("%q becomes %q, and %q again", text, line, read)
		}
	})
}
