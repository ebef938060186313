package configure

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/config"
)

// resolveWait is how long one name may take.
const resolveWait = 2 * time.Second

// remark says what is strange about an answer that was taken: it may be right in a
// while.
func (q *dialogue) remark(k config.Key, answer string) {
	switch k.Kind {
	case config.KindInterface:
		if _, found := q.find(answer); !found {
			q.say("%% Interface '%s' does not exist at the moment", answer)
		}
	case config.KindGateway:
		q.remarkGateway(k, answer)
	case config.KindHost, config.KindHost4, config.KindHosts, config.KindTargets:
		for host := range strings.SplitSeq(answer, ",") {
			if !strings.Contains(host, ":") { // a port, a URL, or IPv6
				q.remarkName(strings.TrimSpace(host))
			}
		}
	}
}

// find returns the interface of that name.
func (q *dialogue) find(name string) (Interface, bool) {
	all := q.Interfaces()
	i := slices.IndexFunc(all, func(i Interface) bool { return i.Name == name })
	if i < 0 {
		return Interface{}, false
	}
	return all[i], true
}

// remarkGateway says when a gateway is in no network of its interface.
func (q *dialogue) remarkGateway(k config.Key, answer string) {
	gateway, err := netip.ParseAddr(answer)
	key, unknown := config.FindKey(strings.TrimSuffix(k.String(), "-gw") + "-if")
	if err != nil || unknown != nil {
		return // it is "auto"
	}
	i, found := q.find(key.Get(q.d.Config))
	on := slices.ContainsFunc(i.Addresses, func(p netip.Prefix) bool { return p.Contains(gateway) })
	if !found || i.Peer || on || len(i.Addresses) == 0 {
		return
	}
	q.say("%% %s is in no network of %s (%s)", gateway, i.Name, networks(i.Addresses))
}

// remarkName says when a name has no address. Once names cannot be looked up at all,
// that is said, and left alone.
func (q *dialogue) remarkName(name string) {
	if name == "" || isAddress(name) || q.blind || !q.online() {
		return
	}
	ctx, cancel := context.WithTimeout(q.ctx, resolveWait)
	defer cancel()
	switch err := q.Resolve(ctx, name); {
	case errors.Is(err, ErrNoSuchName):
		q.say("%% No address is known for '%s'", name)
	case err != nil:
		q.blind = true
		q.say("%% Names cannot be looked up at the moment, and are not checked")
	}
}

// online reports whether there is a network in which to look names up.
func (q *dialogue) online() bool {
	return slices.ContainsFunc(q.Interfaces(), func(i Interface) bool {
		return i.Up && slices.ContainsFunc(i.Addresses, func(p netip.Prefix) bool { return p.Addr().IsGlobalUnicast() })
	})
}

// completer is what Tab does at the question for a setting.
func (q *dialogue) completer(k config.Key) Completer {
	if k.Kind != config.KindInterface {
		return nil
	}
	return func(typed string) (string, []string) {
		var fitting []Interface
		for _, i := range q.Interfaces() {
			if strings.HasPrefix(i.Name, typed) {
				fitting = append(fitting, i)
			}
		}
		common := commonPrefix(fitting)
		if len(fitting) == 1 || len(common) > len(typed) {
			return common, nil
		}
		return typed, list(fitting)
	}
}

// commonPrefix is what the names of all interfaces begin with.
func commonPrefix(all []Interface) string {
	if len(all) == 0 {
		return ""
	}
	common := all[0].Name
	for _, i := range all {
		for !strings.HasPrefix(i.Name, common) {
			common = common[:len(common)-1]
		}
	}
	return common
}

func (q *dialogue) show(lines []string) {
	for _, line := range lines {
		q.say("%s", line)
	}
}

// list shows interfaces: name, state, addresses.
func list(all []Interface) []string {
	if len(all) == 0 {
		return []string{"% There is no such interface at the moment"}
	}
	width := 0
	for _, i := range all {
		width = max(width, len(i.Name))
	}
	var lines []string
	for _, i := range all {
		state, device := map[bool]string{true: "up", false: "down"}[i.Up], ""
		if i.Device != "" {
			device = "  (" + i.Device + ")"
		}
		line := fmt.Sprintf("  %-*s  %-4s  %s%s", width, i.Name, state, networks(i.Addresses), device)
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

func networks(prefixes []netip.Prefix) string {
	texts := make([]string, len(prefixes))
	for i, p := range prefixes {
		texts[i] = p.String()
	}
	return strings.Join(texts, ", ")
}
