package config

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/afero"
)

const (
	fromJSON = `{"ping": {"enable": true, "monitorip": "json.example"}}`
	fromUCI  = "config instance 'main'\n\toption enabled '1'\n\toption ping_enable '1'\n\toption ping_monitorip 'uci.example'\n"
	another  = "\nconfig instance 'lab'\n\toption enabled '0'\n"
)

// What is asked for wins, then the JSON file, then the section of the UCI file.
func TestWhichSourceIsRead(t *testing.T) {
	const places = "(/etc/default/imon-main, /etc/config/imon"
	tests := []struct {
		name, json, uci, other string // contents; "" for no such file
		instance, path         string
		target, source, fault  string
	}{
		{name: "JSON", json: fromJSON, target: "json.example", source: testFile},
		{name: "UCI", uci: fromUCI, target: "uci.example", source: UCIPath + " (instance main)"},
		{name: "JSON before UCI", json: fromJSON, uci: fromUCI, target: "json.example", source: testFile},
		{name: "JSON before a faulty UCI", json: fromJSON, uci: "'", target: "json.example", source: testFile},
		{name: "a file before both", json: "'", uci: "'", other: fromJSON, path: "/o", target: "json.example", source: "/o"},
		{name: "a UCI file before both", json: "'", uci: "'", other: "# x\n\n  # y\n " + fromUCI, path: "/o", target: "uci.example", source: "/o (instance main)"},
		{name: "a package line", other: "package imon\n" + fromUCI, path: "/o", target: "uci.example", source: "/o (instance main)"},
		{name: "a short word", other: fromUCI[:1] + fromUCI[6:], path: "/o", target: "uci.example", source: "/o (instance main)"},
		{name: "UCI by its path", uci: fromUCI, path: UCIPath, target: "uci.example", source: UCIPath + " (instance main)"},
		{name: "faulty JSON before UCI", json: "x", uci: fromUCI,
			fault: "Configuration file '/etc/default/imon-main' has invalid syntax: line 1: the sections must stand in braces"},
		{name: "UCI in the JSON file", json: fromUCI,
			fault: "Configuration file '/etc/default/imon-main' has invalid syntax: line 1: the sections must stand in braces"},
		{name: "an empty file", other: "# c\n", path: "/o", fault: "Configuration file '/o' has invalid syntax: line 1: the file is empty"},
		{name: "faulty UCI", uci: fromUCI + "'", fault: "Configuration file '/etc/config/imon' has invalid syntax: line 5, byte 0: ''' where config, option or list is due"},
		{name: "nothing", fault: "Instance configuration file 'main' not found " + places + ")"},
		{name: "no instance", uci: "# none\n", fault: "Instance configuration file 'main' not found " + places + ": it has no instance)"},
		{name: "other instances", uci: fromUCI + another, instance: "wan2",
			fault: "Instance configuration file 'wan2' not found (/etc/default/imon-wan2, /etc/config/imon: it has only main, lab)"},
		{name: "other type", uci: "\nconfig globals main\n",
			fault: "Instance configuration file 'main' not found " + places + ": line 2 has 'config globals' where 'config instance' is due)"},
		{name: "made-up name", uci: "config instance\n", instance: madeUpName(1, "instance"),
			fault: "Instance configuration file 'cfg0121da' not found (/etc/default/imon-cfg0121da, /etc/config/imon: it has no instance)"},
		{name: "no name for UCI", uci: fromUCI, instance: "wan-2",
			fault: "Instance configuration file 'wan-2' not found (/etc/default/imon-wan-2, /etc/config/imon: names in UCI have only A-Z a-z 0-9 _)"},
		{name: "not in that file", other: another, path: "/o", fault: "Instance configuration file 'main' not found (/o: it has only lab)"},
		{name: "not enabled", uci: strings.Replace(fromUCI, "enabled '1'", "enabled 'off'", 1),
			fault: "Instance 'main' is not enabled (/etc/config/imon:2: enabled must be 1)"},
		{name: "not said to be enabled", uci: "\n" + strings.Replace(fromUCI, "option enabled", "#", 1),
			fault: "Instance 'main' is not enabled (/etc/config/imon:2: enabled must be 1)"},
		{name: "too large", uci: strings.Repeat("#\n", 1<<19+1), fault: "Configuration file '/etc/config/imon' is larger than 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fs := afero.NewMemMapFs()
			for path, text := range map[string]string{testFile: tt.json, UCIPath: tt.uci, "/o": tt.other} {
				if text == "" {
					continue
				}
				if err := afero.WriteFile(fs, path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if tt.instance == "" {
				tt.instance = "main"
			}
			c, _, err := Load(fs, tt.instance, tt.path)
			if tt.fault != "" {
				wantFaults(t, err, tt.fault)
				return
			}
			wantFaults(t, err)
			if c.Ping.Target != tt.target || c.Source() != tt.source {
				t.Errorf("%s from %q, want %s from %q", c.Ping.Target, c.Source(), tt.target, tt.source)
			}
		})
	}
}

func TestUnreadableUCI(t *testing.T) {
	fs := locked{Fs: router(t, fromUCI), read: os.ErrPermission}
	_, _, err := Load(fs, "main", "")
	wantFaults(t, err, "Configuration file '/etc/config/imon' cannot be read: permission denied")
}

// Read takes settings that make no sense together, or on this machine.
func TestReadLeavesTheChecksOut(t *testing.T) {
	fs := router(t, "config instance main\n option enabled 1\n option action /nowhere\n option failover_enable 1\n")
	c, warnings, err := Read(fs, "main", "")
	if err != nil || len(warnings) > 0 || c.Global.Action != "/nowhere" || !c.Failover.Enable {
		t.Errorf("%+v, %v, %v", c, warnings, err)
	}
	if _, _, err := Load(fs, "main", ""); err == nil {
		t.Error("Load takes it too")
	}
	fs = router(t, "config instance main\n option enabled 1\n option ping_enable 1\n option ping_interval x\n")
	_, _, err = Read(fs, "main", "")
	wantFaults(t, err, "Invalid value 'x' for interval (/etc/config/imon:4: ping_interval must be a number of seconds greater than 0)")
}
