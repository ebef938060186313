package main

import (
	"github.com/ejgeiger/imon/internal/ddns"
	"github.com/ejgeiger/imon/internal/updown"
)

// memory is what a monitor that is started by a reload takes over from the one
// that it replaces. Only the goroutine that applies configurations uses it.
type memory struct {
	address [2]*ddns.Monitor // the last one that was started, by family; nil before, and after a stop
	host    *updown.Monitor  // likewise
	metric  [2]*int          // of the failover that was started last, by family
}
