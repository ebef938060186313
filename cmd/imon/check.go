package main

import (
	"fmt"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/uplink"
)

// check prints the faults of a configuration, or what it amounts to and what on
// this machine stands in its way. It changes nothing.
func check(o options, e env) int {
	cfg, warnings, err := config.Load(e.fs, o.instance, o.config)
	if err != nil {
		return refuse(e, warnings, err)
	}
	for _, w := range warnings {
		fmt.Fprintln(e.stderr, "% "+w.String())
	}
	fmt.Fprintln(e.stdout, "Configuration file "+cfg.Source())
	for _, section := range cfg.Listing() {
		for _, line := range section.Lines() {
			fmt.Fprintln(e.stdout, line)
		}
	}
	for _, sentence := range inspect(cfg) {
		fmt.Fprintln(e.stdout, "% "+sentence)
	}
	fmt.Fprintln(e.stdout, "The configuration is valid")
	return exitOK
}

// inspect says what on this machine stands in the way of cfg.
func inspect(cfg config.Config) []string {
	if !cfg.Failover.Enable {
		return nil
	}
	found, err := uplink.Inspect(interfaces{}.specs(cfg.Failover), cfg.Failover.Metric)
	if err != nil {
		found = append(found, "This machine could not be looked at: "+err.Error())
	}
	return found
}
