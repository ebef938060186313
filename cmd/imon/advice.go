package main

import (
	"context"
	"fmt"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/daemon"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/netifd"
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
func (n interfaces) advice(cfg config.Failover) (sentences, commands []string) {
	for _, u := range cfg.Uplinks {
		found, _ := n.find(u.Interface)
		if found.Installs {
			sentences = append(sentences, fmt.Sprintf(
				"netifd installs a default route of its own for interface %s, against imon's. These commands end that:", found.Name))
			commands = append(commands, fmt.Sprintf("uci set network.%s.defaultroute='0'", found.Name))
		}
	}
	if len(commands) > 0 {
		commands = append(commands, "uci commit network", "service network reload")
	}
	return sentences, commands
}
