package config

import "testing"

func TestAutoGateway(t *testing.T) {
	c, _ := mustLoad(t, `{"failover": {"enable": true, "primary-if": "wan", "primary-gw": "auto",
		"standby-if": "wwan", "standby-gw": "192.0.2.1"}}`)
	primary, standby := c.Failover.Uplinks[0], c.Failover.Uplinks[1]
	if !primary.AutoGateway() || standby.AutoGateway() || (Uplink{}).AutoGateway() {
		t.Errorf("auto: %v, an address: %v, none: %v", primary.AutoGateway(), standby.AutoGateway(), (Uplink{}).AutoGateway())
	}
	for _, k := range Keys() {
		if k.String() == "failover.primary-gw" && k.Get(c) != "auto" {
			t.Errorf("the text of a learned gateway is %q", k.Get(c))
		}
	}
}
