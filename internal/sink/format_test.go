package sink

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestFloatsAsPythonPrintsThem(t *testing.T) {
	for _, c := range []struct {
		v        float64
		decimals int
		want     string
	}{
		{0, 3, "0.0"}, {12, 3, "12.0"}, {0.434, 3, "0.434"}, {4.46, 3, "4.46"}, {0.0004, 3, "0.0"},
		{1.0 / 3, 2, "0.33"}, {2.0 / 3, 2, "0.67"}, {0.5, 2, "0.5"}, {1, 2, "1.0"}, {0.125, 2, "0.12"},
		{1234.5678, 3, "1234.568"}, {100, 2, "100.0"}, {0.1 + 0.2, 3, "0.3"},
	} {
		if got := float(c.v, c.decimals); got != c.want {
			t.Errorf("float(%v, %d) = %s, want %s", c.v, c.decimals, got, c.want)
		}
	}
}

func TestMillis(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0", 434 * time.Microsecond: "0.434", 12 * time.Millisecond: "12.0", 449: "0.0", 500: "0.001",
		4460 * time.Microsecond: "4.46", time.Second + 5*time.Microsecond: "1000.005", 16_000_499: "16.0",
	} {
		if got := millis(d); got != want {
			t.Errorf("millis(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		d           time.Duration
		long, short string
	}{
		{0, "0 days 0 hours, 0 minutes 0 seconds", "0:0:0:0"},
		{999 * time.Millisecond, "0 days 0 hours, 0 minutes 0 seconds", "0:0:0:0"},
		{10*time.Second + 999*time.Millisecond, "0 days 0 hours, 0 minutes 10 seconds", "0:0:0:10"},
		{59*time.Minute + 59*time.Second, "0 days 0 hours, 59 minutes 59 seconds", "0:0:59:59"},
		{24 * time.Hour, "1 days 0 hours, 0 minutes 0 seconds", "1:0:0:0"},
		{49*time.Hour + 2*time.Minute + 3*time.Second, "2 days 1 hours, 2 minutes 3 seconds", "2:1:2:3"},
		{400 * 24 * time.Hour, "400 days 0 hours, 0 minutes 0 seconds", "400:0:0:0"},
		{-time.Hour, "0 days 0 hours, 0 minutes 0 seconds", "0:0:0:0"},
	} {
		if got := longDuration(c.d); got != c.long {
			t.Errorf("longDuration(%v) = %q, want %q", c.d, got, c.long)
		}
		if got := shortDuration(c.d); got != c.short {
			t.Errorf("shortDuration(%v) = %q, want %q", c.d, got, c.short)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"** [global] ** ":               "** [global] ** ",
		"    note              Ärger €": "    note              Ärger €",
		"a\nb\r\tc":                     `a\nb\x0d\tc`,
		"\x1b[2Jgone":                   `\x1b[2Jgone`,
		"nul\x00del\x7f":                `nul\x00del\x7f`,
		"latin \xe4\xef":                `latin \xe4\xef`,
		"c1 \u0085 ls \u2028 ps \u2029": `c1 \u0085 ls \u2028 ps \u2029`,
		"really \uFFFD":                 "really \uFFFD",
		"turned \u202egnuw \u2066":      `turned \u202egnuw \u2066`,
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanCutsLongLines(t *testing.T) {
	for _, in := range []string{strings.Repeat("x", 5000), strings.Repeat("ä", 981), strings.Repeat("\n", 900), "x" + strings.Repeat("€", 500)} {
		got := clean(in)
		if len(got) > maxLine || len(got) < maxLine-4 || !strings.HasSuffix(got, "...") || !utf8.ValidString(got) {
			t.Errorf("clean of %d bytes has %d bytes and ends in %q", len(in), len(got), got[len(got)-8:])
		}
	}
	if in := strings.Repeat("x", maxLine); clean(in) != in {
		t.Error("a line of the greatest length was cut")
	}
}

func FuzzClean(f *testing.F) {
	f.Add("plain")
	f.Add("a\nb\xff\u2028" + strings.Repeat("ä", 600))
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if len(got) > maxLine || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00\x1b\u2028") {
			t.Errorf("clean(%q) = %q", s, got)
		}
		if clean(got) != got {
			t.Errorf("clean(%q) is not clean: %q", s, got)
		}
	})
}
