package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/daemon"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/netconf"
	"github.com/ejgeiger/imon/internal/netifd"
	"github.com/ejgeiger/imon/internal/uplink"
)

// silent takes events and says nothing.
type silent struct{}

func (silent) Publish(event.Event) {}

// lookUp asks netifd for its interfaces, once. Where there is no message bus, or
// netifd does not answer soon, none are known.
func lookUp(ctx context.Context, e env) (n interfaces, end func()) {
	if !e.hasBus() {
		return interfaces{}, func() {}
	}
	client := newClient(func(string) {})
	n = interfaces{netifd.New(client, func() {})}
	ctx, cancel := context.WithCancel(ctx)
	tasks := daemon.New(ctx, silent{})
	tasks.Start("ubus", client)
	n.await(ctx)
	return n, func() {
		cancel()
		_ = tasks.Wait(netifdWait)
	}
}

// advice says which uplinks' default routes netifd installs itself, and the
// commands that leave them to imon; nothing when all is well.
func (n interfaces) advice(cfg config.Failover) (all []netconf.Advice) {
	var commands []string
	for _, u := range cfg.All() {
		found, _ := n.find(u.Interface)
		if found.Installs {
			all = append(all, netconf.Advice{Sentence: fmt.Sprintf(
				"netifd installs a default route of its own for interface %s, against imon's. These commands end that:", found.Name)})
			commands = append(commands, fmt.Sprintf("uci set network.%s.defaultroute='0'", found.Name))
		}
	}
	if len(all) > 0 {
		all[len(all)-1].Lines = append(commands, "uci commit network", "service network reload")
	}
	return all
}

// programs says the same of the programs that other systems have in netifd's
// place. Rivals are the uplinks with a default route of another program. What is to
// be done for both uplinks is said once, after all else.
func programs(fs afero.Fs, specs []uplink.Spec, rivals []bool) (all []netconf.Advice) {
	for i, s := range specs {
		if s.Interface == "" || slices.ContainsFunc(specs[:i], func(b uplink.Spec) bool { return b.Interface == s.Interface }) {
			continue
		}
		for _, a := range netconf.Advise(fs, s.Interface, rivals[i]) {
			same := func(b netconf.Advice) bool { return a.Sentence == b.Sentence && slices.Equal(a.Lines, b.Lines) }
			all = append(slices.DeleteFunc(all, same), a)
		}
	}
	return all
}
