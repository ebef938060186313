package lease

import (
	"encoding/binary"
	"net/netip"

	"github.com/spf13/afero"
)

// Of a DHCP message (RFC 2131 section 2, RFC 2132 section 2).
const (
	yourAddress = 16         // where the leased address stands
	cookieAt    = 236        // where the options begin, with
	cookie      = 0x63825363 // this

	optionPad       = 0
	optionRouter    = 3
	optionClassless = 121 // static routes (RFC 3442)
	optionEnd       = 255
)

// dhcpcd reads a lease of dhcpcd(8): the message of the server as it came.
func (m machine) dhcpcd(file string) []Lease {
	b, err := afero.ReadFile(m.fs, file)
	if err != nil || len(b) < cookieAt+4 || binary.BigEndian.Uint32(b[cookieAt:]) != cookie {
		return nil
	}
	address, _ := netip.AddrFromSlice(b[yourAddress : yourAddress+4])
	return []Lease{{address, gateway(b[cookieAt+4:]), file}}
}

// gateway is the one that the options of a message name. Where there are classless
// static routes, the default is among them or there is none.
func gateway(options []byte) netip.Addr {
	var router, routes []byte
	var classless bool
	for b := options; len(b) > 0 && b[0] != optionEnd; {
		if b[0] == optionPad {
			b = b[1:]
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			break
		}
		value := b[2 : 2+int(b[1])]
		switch b[0] {
		case optionRouter:
			router = append(router, value...) // long options come in parts (RFC 3396)
		case optionClassless:
			routes, classless = append(routes, value...), true
		}
		b = b[2+len(value):]
	}
	if classless {
		router = classlessDefault(routes)
	}
	a, _ := netip.AddrFromSlice(router[:min(4, len(router))])
	return a
}

// classlessDefault is the gateway of the route to everywhere. Each route is the
// length of its destination, as much of that as counts, and a gateway.
func classlessDefault(b []byte) []byte {
	for len(b) > 0 {
		n := 1 + (int(b[0])+7)/8
		if len(b) < n+4 {
			return nil
		}
		if b[0] == 0 {
			return b[n : n+4]
		}
		b = b[n+4:]
	}
	return nil
}
