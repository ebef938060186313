package main

import (
	"strings"
	"syscall"
	"testing"

	"github.com/ejgeiger/imon/internal/lab"
)

// Two imons that both keep the default route would undo what the other does, for ever. The
// second one says who has it and leaves it alone, and takes over when the first is gone.
func TestTwoFailoversOfTheSameUplinks(t *testing.T) {
	t.Parallel()
	d := openCounter(t, func(c lab.Config) { c.Set("failover", "prefer-primary", true) })
	d.launch()
	d.see(d.started, "Route net42 (eth1) is active")
	first := d.bench.Program

	primary := d.config["failover"]["primary-if"]
	for _, key := range []string{"if", "gw", "name"} {
		one, two := d.config["failover"]["primary-"+key], d.config["failover"]["standby-"+key]
		d.config.Set("failover", "primary-"+key, two).Set("failover", "standby-"+key, one)
	}
	if d.config["failover"]["standby-if"] != primary {
		t.Fatalf("the uplinks are not the other way round: %v", d.config["failover"])
	}
	d.bench.launch(d.variable())
	d.see(d.started, `Task failover failed: another imon, instance "main", keeps the IPv4 default route by eth2: `+
		`run one failover instance for a set of uplinks, not two; it starts again in 1s`)
	d.via(0)
	if text := d.bench.Program.Text(); strings.Contains(text, "is active") {
		t.Errorf("the second one acts:\n%s", text)
	}

	second := d.bench.Program
	d.bench.Program = first
	if code := d.stop(syscall.SIGKILL); code == 0 {
		t.Errorf("exit code %d", code)
	}
	d.bench.Program = second
	d.see(d.started, "Route net62 (eth2) is active")
	d.via(1)
	if strings.Contains(first.Text(), "had been removed") {
		t.Errorf("they have fought for the route:\n%s", first.Text())
	}
}
