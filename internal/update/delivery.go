package update

import (
	"net/netip"
	"time"
)

// Delivery is how far the delivery of one name is.
type Delivery struct {
	Role     string // of the uplink whose address the name has; "" for the active one
	Host     string // "" where the provider knows the name
	To       string // the server; "" for the user's script
	IPv4     netip.Addr
	IPv6     netip.Addr // the addresses that were delivered last
	At       time.Time  // when; zero when they never were
	Next     time.Time  // of the next try; zero for none
	Failures int        // in a row
	Err      string     // of the last try, "" when it went well
	Doubt    string     // why the name could not be compared, "" when it could
	Drifted  bool       // its name server said something else when it was asked last
}

// Deliveries are the names of this moment, in no order.
func (s *Sink) Deliveries() (all []Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for role, r := range s.records {
		d := Delivery{Role: role, Host: r.host, IPv4: r.delivered[0], IPv6: r.delivered[1], At: r.at,
			Next: r.due, Failures: r.failures, Err: r.err, Doubt: r.doubt, Drifted: r.repairs > 0}
		if s.carrier != nil {
			d.To = s.carrier.where()
		}
		all = append(all, d)
	}
	return all
}
