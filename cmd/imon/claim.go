package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ejgeiger/imon/internal/store"
	"github.com/ejgeiger/imon/internal/uplink"
)

// claims are what a failover monitor has to itself in its network namespace.
type claims []io.Closer

// claim takes the default route of a family, by the uplinks of specs and with that metric,
// for the instance: of two that keep it, each would undo what the other does, many times a
// second. The error names the other one. Where nothing can be kept in directory, nobody is
// asked.
func claim(directory, instance string, specs []uplink.Spec, o uplink.Options) (claims, error) {
	var all claims
	for _, what := range routesOf(specs, o) {
		c, owner, err := store.NewClaim(filepath.Join(directory, what.file), instance)
		switch {
		case errors.Is(err, store.ErrTaken):
			all.release()
			return nil, fmt.Errorf("another imon%s keeps the %s default route %s: run one failover instance for a set of uplinks, not two",
				called(owner), o.Family, what.words)
		case err == nil:
			all = append(all, c)
		}
	}
	return all, nil
}

// release lets others have them.
func (c claims) release() {
	for _, one := range c {
		_ = one.Close()
	}
}

// called names the instance that owns something, "" where that is not known.
func called(owner string) string {
	if owner == "" {
		return ""
	}
	return fmt.Sprintf(", instance %q,", owner)
}

// claimed is something that only one failover monitor may have.
type claimed struct{ file, words string }

// routesOf are the routes of one family in this network namespace: by each device, which may be
// that of two uplinks, and with the metric.
func routesOf(specs []uplink.Spec, o uplink.Options) []claimed {
	prefix := strings.Join([]string{"route", namespace(), o.Family.String(), ""}, "-")
	var all []claimed
	seen := make(map[string]bool)
	for _, s := range specs {
		if s.Interface != "" && !seen[s.Interface] {
			seen[s.Interface] = true
			all = append(all, claimed{prefix + "dev-" + s.Interface + ".lock", "by " + s.Interface})
		}
	}
	return append(all, claimed{prefix + fmt.Sprintf("metric-%d.lock", o.Metric), fmt.Sprintf("with metric %d", o.Metric)})
}

// namespace is the number of the network namespace, "" where it is not known.
func namespace() string {
	info, err := os.Stat("/proc/thread-self/ns/net")
	if err != nil {
		return ""
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprint(s.Ino)
	}
	return ""
}
