package config

import "testing"

// A port alone is one of this machine; all else is as it is written.
func TestListen(t *testing.T) {
	for text, want := range map[string]struct {
		address string
		local   bool
	}{
		"": {"", true}, "9370": {"localhost:9370", true}, ":9370": {"localhost:9370", true}, "LocalHost:09370": {"localhost:9370", true},
		"127.0.0.1:9370": {"127.0.0.1:9370", true}, "127.8.8.8:1": {"127.8.8.8:1", true}, "[::1]:65535": {"[::1]:65535", true},
		"0.0.0.0:9370": {"0.0.0.0:9370", false}, "[::]:9370": {"[::]:9370", false}, "192.168.1.1:80": {"192.168.1.1:80", false},
		"[2001:db8::1]:80": {"[2001:db8::1]:80", false}, "[fe80::1%br-lan]:80": {"[fe80::1%br-lan]:80", false}, "router.lan:80": {"router.lan:80", false},
		"localhost.example:80": {"localhost.example:80", false},
	} {
		got, rule := parseListen(text)
		if got != want.address || rule != "" || (Global{Listen: got}).Local() != want.local {
			t.Errorf("%q: %q, %q, want %+v", text, got, rule, want)
		}
	}
	if got, rule := parseListen("[::%eth0]:80"); rule == "" {
		t.Errorf("all addresses of an interface are %q", got)
	}
}
