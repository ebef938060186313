package config

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/spf13/afero"
)

// checkRoundTrip writes a configuration in both formats, again and again, and
// reads each of them.
func checkRoundTrip(t *testing.T, c Config) {
	t.Helper()
	before := c
	for _, format := range []string{"uci", "json", "uci", "json", "json", "uci", "uci"} {
		text, err := writeAs(before, format)
		if err != nil {
			if format == "json" && !validText(before) {
				return // the one thing that JSON cannot hold
			}
			t.Fatalf("%s: %v", format, err)
		}
		after, warnings, err := readFrom(t, text)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%s: %v, %v\n%s", format, err, warnings, text)
		}
		before.Path = after.Path
		if diff := diffConfig(before, after); diff != "" {
			t.Fatalf("%s (-before +after):\n%s\n%s", format, diff, text)
		}
		if again, _ := writeAs(after, format); again != text {
			t.Fatalf("%s is written in two ways:\n%s\n%s", format, text, again)
		}
		before = after
	}
}

func writeAs(c Config, format string) (string, error) {
	text, err := c.JSON()
	if format == "uci" {
		text, err = c.UCI("main")
	}
	return string(text), err
}

func readFrom(t *testing.T, text string) (Config, []Warning, error) {
	t.Helper()
	fs := afero.NewMemMapFs()
	if err := afero.WriteFile(fs, "/file", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Read(fs, "main", "/file")
}

// validText reports whether a configuration is UTF-8.
func validText(c Config) bool {
	for _, s := range c.settings() {
		if _, ok := s.value.json(); !ok {
			return false
		}
	}
	return true
}

// Random files of every key survive the way to UCI and back, and the program uci
// reads the UCI ones as imon does.
func TestRoundTripOfRandomFiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	program, found := realUCI(t)
	var run uciRun
	if found {
		run = newUCIRun(t, program)
	}
	seen := map[string]int{}
	for i := range 400 {
		text := randomJSON(rng)
		c, warnings, err := readFrom(t, text)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%v, %v\n%s", err, warnings, text)
		}
		for name := range c.written {
			seen[name]++
		}
		checkRoundTrip(t, c)
		if uci, err := c.UCI("main"); found && i < 100 && (err != nil || !run.compare(t, uci)) {
			t.Fatalf("uci refuses %s, %v", uci, err)
		}
	}
	for _, k := range Keys() {
		if seen[k.String()] < 100 {
			t.Errorf("%s was in %d files only", k, seen[k.String()])
		}
	}
}

// randomJSON is a file of random keys with random valid values, in the ways in
// which they may be written.
func randomJSON(rng *rand.Rand) string {
	file := map[string]map[string]string{}
	for _, k := range Keys() {
		if rng.IntN(2) == 0 {
			continue
		}
		if file[k.Section] == nil {
			file[k.Section] = map[string]string{}
		}
		file[k.Section][k.Name] = randomJSONValue(rng, k)
	}
	return encode(file)
}

func randomJSONValue(rng *rand.Rand, k Key) string {
	hosts := []string{"192.0.2.1", "host.example", "a_b.example.", "x"}
	switch k.Kind {
	case KindBool:
		return pick(rng, []string{"true", "false"})
	case KindSeconds:
		return pick(rng, []string{"1", "2.50", "1e1", "0.001", `"3"`, `" 4 "`, `"+5"`, "31536000", fmt.Sprint(1 + rng.Float64())})
	case KindCount:
		return pick(rng, []string{"1", "2.0", `"1000"`, "1E0", fmt.Sprint(1 + rng.IntN(1000))})
	case KindMetric:
		return pick(rng, []string{"1", "2147483647", `"201"`, "300.0"})
	case KindNumber:
		return pick(rng, []string{"0", "1", `"1000"`, "20.0"})
	case KindListen:
		return pick(rng, []string{`""`, "9370", `"9370"`, `":9370"`, `"192.0.2.1:80"`, `"[2001:db8::1]:80"`, `"router.lan:80"`})
	case KindStatus:
		return pick(rng, []string{"100", "204", `"599"`})
	case KindPause, KindMillis, KindPercent:
		return pick(rng, []string{"0", "1", "2.50", "1e1", "0.001", `"3"`, `" 4 "`, "100"})
	case KindMethod:
		return inQuotes(pick(rng, []string{"icmp", "dns", "TCP", "http"}))
	case KindFamily:
		return pick(rng, []string{"4", `"6"`, `"both"`, `"Both"`})
	case KindGateway6:
		return inQuotes(pick(rng, []string{"", "auto", "none", "fe80::1"}))
	case KindTargets, KindTargets6:
		return randomList(rng, ",", []string{"host.example", "a_b.example.", "x:53", "https://a.example/?a=b&c='d'", "http://[2001:db8::1]:8080/", ""})
	case KindUplinks:
		return randomList(rng, ";", []string{"if=wwan0 gw=auto", "if=it's\tgw=none ping=x:53 method=TCP",
			"name=a=b if=eth3 gw=192.0.2.1 ping=a.example,,b.example gw6=fe80::1", ""})
	case KindHosts, KindURLs:
		if k.Kind == KindURLs {
			hosts = []string{"ifconfig.example/ip", "https://a.example/?a=b&c='d'", "http://[2001:db8::1]:8080/"}
		}
		return randomList(rng, ",", append(hosts, ""))
	case KindInterface:
		return inQuotes(pick(rng, []string{"", "eth0", "wan", "it's", `a"b\`, "ü"}))
	case KindGateway:
		return inQuotes(pick(rng, []string{"", "auto", "192.0.2.254"}))
	case KindSources:
		return randomList(rng, ",", []string{"interface", "DNS", "http", "command", ""})
	case KindFollow:
		return inQuotes(pick(rng, []string{"active", "each", "Each"}))
	case KindNames:
		return randomList(rng, ",", []string{"host.example", "a_b.example.", "x", ""})
	case KindName:
		return inQuotes(pick(rng, []string{"host.example", "a_b.example.", "x", ""}))
	case KindUpdate:
		return inQuotes(pick(rng, []string{"", "rfc2136", "DynDNS2", "url"}))
	case KindServer:
		return inQuotes(pick(rng, []string{"", "ns.example", "[2001:db8::1]:53", "https://a.example/u?h={hostname}&ip={ip}&p='{password}'"}))
	case KindAlgorithm:
		return inQuotes(pick(rng, []string{"hmac-sha256", "HMAC-SHA512", "hmac-sha1."}))
	case KindText, KindPath, KindSecret:
		return inQuotes(randomText(rng))
	default:
		return inQuotes(pick(rng, append(hosts, "")))
	}
}

// randomList is a list, or the same in one text.
func randomList(rng *rand.Rand, separator string, from []string) string {
	items := make([]string, rng.IntN(6))
	for i := range items {
		items[i] = pick(rng, []string{"", " "}) + pick(rng, from) + pick(rng, []string{"", " ", "\n"})
	}
	if rng.IntN(2) == 0 {
		return inQuotes(strings.Join(items, separator))
	}
	text, err := json.Marshal(items)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func randomText(rng *rand.Rand) string {
	var b strings.Builder
	for range rng.IntN(8) {
		b.WriteString(pick(rng, []string{"'", `"`, `\`, "#", ";", " ", "a", "ü", "東", "\u2028", "</b>&", "''", `\'`, "$(x)", "`",
			"%Y", strings.Repeat("long ", rng.IntN(150)), "\ufffd", "5", "true", ","}))
	}
	return b.String()
}

func inQuotes(s string) string { return jsonText(s) }
