package main

import (
	"context"
	"fmt"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/netconf"
	"github.com/ejgeiger/imon/internal/uplink"
)

// check prints the faults of a configuration, or what it amounts to and what on
// this machine stands in its way. It changes nothing.
func check(ctx context.Context, o options, e env) int {
	cfg, warnings, err := config.Load(e.fs, o.instance, o.config)
	if err != nil {
		return refuse(e, warnings, err)
	}
	hint(e, warnings)
	fmt.Fprintln(e.stdout, "Configuration file "+cfg.Source())
	for _, section := range cfg.Listing() {
		for _, line := range section.Lines() {
			fmt.Fprintln(e.stdout, line)
		}
	}
	if cfg.Failover.Enable {
		inspect(ctx, cfg.Failover, e)
	}
	fmt.Fprintln(e.stdout, "The configuration is valid")
	return exitOK
}

// inspect prints what on this machine stands in the way of failover, and the
// commands that help.
func inspect(ctx context.Context, cfg config.Failover, e env) {
	names, end := lookUp(ctx, e)
	defer end()
	lessons, o := newLessons(names, e.fs, cfg, uplink.V4), routing(cfg, uplink.V4)
	hops, _ := uplink.Hops(lessons.specs(nil), o) // an error is told below
	specs := lessons.specs(hops)
	for _, sentence := range lessons.told() {
		fmt.Fprintln(e.stdout, sentence)
	}
	found, err := uplink.Inspect(specs, o)
	if err != nil {
		found = append(found, "This machine could not be looked at: "+err.Error())
	}
	for _, sentence := range found {
		e.advise(netconf.Advice{Sentence: sentence})
	}
	rivals, _ := uplink.Rivals(specs, o) // an error has been told
	for _, advice := range programs(e.fs, specs, rivals) {
		e.advise(advice)
	}
	for _, advice := range names.advice(cfg) {
		e.advise(advice)
	}
}

// advise prints one advice.
func (e env) advise(a netconf.Advice) {
	fmt.Fprintln(e.stdout, "% "+a.Sentence)
	for _, line := range a.Lines {
		fmt.Fprintln(e.stdout, "    "+line)
	}
}
