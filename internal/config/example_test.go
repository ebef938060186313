package config_test

import (
	"fmt"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/config"
)

// write puts the file of instance main into a file system in memory.
func write(text string) afero.Fs {
	fs := afero.NewMemMapFs()
	if err := afero.WriteFile(fs, "/etc/default/imon-main", []byte(text), 0o644); err != nil {
		panic(err)
	}
	return fs
}

func ExampleLoad() {
	c, warnings, err := config.Load(write(`{
    "ping": {
        ### the nearest router
        "enable": true,
        "monitorip": "192.168.1.1",
        "pingcout": 3
    }
}`), "main", "")
	fmt.Println(c.Enabled(), c.Ping.Target, c.Ping.Count, err)
	for _, w := range warnings {
		fmt.Println(w)
	}
	// Output:
	// [ping] 192.168.1.1 2 <nil>
	// "pingcout" in [ping]: did you mean "pingcount"? (/etc/default/imon-main:6)
}

func ExampleFaults() {
	_, _, err := config.Load(write(`{
    "updown": {
        "enable": true,
        "interval": "abc"
    }
}`), "main", "")
	fmt.Println(err)
	// Output:
	// updown monitor requires an IP Address to monitor (/etc/default/imon-main:2: updown.monitorip is missing)
	// Invalid value 'abc' for interval (/etc/default/imon-main:4: updown.interval must be a number of seconds greater than 0)
}

func ExampleConfig_Listing() {
	c, _, err := config.Load(write(`{"ping": {"enable": true, "monitorip": "192.168.1.1", "interval": 5.0}}`), "main", "")
	if err != nil {
		panic(err)
	}
	for _, s := range c.Listing() {
		if s.Name != "ping" {
			continue
		}
		for _, line := range s.Lines() {
			fmt.Printf("%q\n", line)
		}
	}
	// Output:
	// "** [ping] ** "
	// "    enable            True"
	// "    interval          5.0"
	// "    pingcount         2"
	// "    pingwait          1"
	// "    monitorip         192.168.1.1"
}

func ExampleKey_Set() {
	var c config.Config
	for _, k := range config.Keys() {
		if k.String() == "updown.addping" {
			fmt.Println(k.Set(&c, "192.168.1.1, router.example"), k.Get(c))
			fmt.Println(k.Set(&c, "192.168.1.1; reboot"))
		}
	}
	// Output:
	// [] 192.168.1.1,router.example
	// [Invalid value '192.168.1.1; reboot' for addping (updown.addping must be a list of IP addresses or DNS names)]
}
