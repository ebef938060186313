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
	if cfg.Untuned() {
		e.advise(tuning(o))
	}
	fmt.Fprintln(e.stdout, "The configuration is valid")
	return exitOK
}

// tuning is the advice not to let a single round decide.
func tuning(o options) netconf.Advice {
	a := netconf.Advice{Sentence: "failover decides after one round without an answer, as it always did. See fall, rise and hold in imon.conf(5)"}
	if o.config == "" {
		a.Sentence += ". This command sets what is recommended wherever nothing else is configured:"
		a.Lines = []string{"imon-configure --instance " + o.instance + " --recommended --set failover.enable=true"}
	}
	return a
}

// inspect prints what on this machine stands in the way of failover, and the
// commands that help.
func inspect(ctx context.Context, cfg config.Failover, e env) {
	names, end := lookUp(ctx, e)
	defer end()
	if cfg.Family.V6() {
		e.examine(newLessons(names, e.fs, cfg.V6(), uplink.V6))
	}
	if !cfg.Family.V4() {
		return
	}
	specs := e.examine(newLessons(names, e.fs, cfg, uplink.V4))
	rivals, _ := uplink.Rivals(specs, routing(cfg, uplink.V4)) // an error has been told
	for _, advice := range programs(e.fs, specs, rivals) {
		e.advise(advice)
	}
	for _, advice := range names.advice(cfg) {
		e.advise(advice)
	}
}

// examine prints what is known of the uplinks of one family, and what keeps them
// from working. It returns them.
func (e env) examine(l *lessons) []uplink.Spec {
	o := routing(l.cfg, l.family)
	hops, _ := uplink.Hops(l.specs(nil), o) // an error is told below
	specs := l.specs(hops)
	for _, sentence := range l.told() {
		fmt.Fprintln(e.stdout, sentence)
	}
	found, err := uplink.Inspect(specs, o)
	if err != nil {
		found = append(found, "This machine could not be looked at: "+err.Error())
	}
	for _, sentence := range found {
		e.advise(netconf.Advice{Sentence: sentence})
	}
	return specs
}

// advise prints one advice.
func (e env) advise(a netconf.Advice) {
	fmt.Fprintln(e.stdout, "% "+a.Sentence)
	for _, line := range a.Lines {
		fmt.Fprintln(e.stdout, "    "+line)
	}
}
