package update

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
)

// parcel is what is to be delivered: the addresses that a name is to have, at most
// one of each family, and the uplink by which it goes.
type parcel struct {
	host      string
	addresses []netip.Addr // IPv4 first
	path      probe.Path
}

// String is the parcel as the log shows it: "203.0.113.7 as home.example.org".
func (p parcel) String() string {
	texts := make([]string, len(p.addresses))
	for i, a := range p.addresses {
		texts[i] = a.String()
	}
	text := strings.Join(texts, " and ")
	if p.host != "" {
		text += " as " + p.host
	}
	return text
}

// of is the address of a family in the parcel, invalid when there is none.
func (p parcel) of(four bool) netip.Addr {
	for _, a := range p.addresses {
		if a.Is4() == four {
			return a
		}
	}
	return netip.Addr{}
}

// carrier delivers parcels by one protocol. Its errors have no secret in them.
type carrier interface {
	carry(ctx context.Context, p parcel) error
	where() string // to whom, for the log
}

// refusal is an answer after which a client must not simply try again.
type refusal struct {
	why  string
	hold time.Duration // until the next try
}

func (r *refusal) Error() string { return r.why }

// How long a refusal holds.
const (
	troubleHold = 30 * time.Minute // the server has a fault of its own
	refusalHold = 24 * time.Hour   // it does not want what is configured here
)

// carrierOf returns the carrier that the settings ask for, nil for none: then the
// user's script delivers.
func (n Network) carrierOf(c config.Delivery) carrier {
	switch c.Method {
	case config.UpdateRFC2136:
		return &nameServer{Delivery: c, network: n}
	case config.UpdateDynDNS2, config.UpdateURL:
		return &webServer{Delivery: c, network: n}
	default:
		return nil
	}
}

// secret is a secret that stands in the configuration or in the first line of a file.
func (n Network) secret(text, file string) (string, error) {
	if file == "" {
		return text, nil
	}
	content, err := n.Read(file)
	if err != nil {
		return "", fmt.Errorf("cannot read %q: %w", file, unnamed(err))
	}
	line, _, _ := strings.Cut(string(content), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}
