package main

import (
	"fmt"

	"github.com/ejgeiger/imon/internal/config"
)

// convert prints a configuration in the other format. Whether it makes sense on
// this machine is the business of check.
func convert(o options, e env) int {
	cfg, warnings, err := config.Read(e.fs, o.instance, o.config)
	if err != nil {
		return refuse(e, warnings, err)
	}
	hint(e, warnings)
	if o.to == "json" && cfg.Off() {
		fmt.Fprintf(e.stderr, "%% Instance '%s' is not enabled; JSON cannot say so\n", o.instance)
	}
	var text []byte
	if o.to == "uci" {
		text, err = cfg.UCI(o.instance)
	} else {
		text, err = cfg.JSON()
	}
	if err != nil {
		return refuse(e, nil, err)
	}
	_, _ = e.stdout.Write(text)
	return exitOK
}
