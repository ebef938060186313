package config

import "testing"

func TestIntervalIsNeverAFlood(t *testing.T) {
	c, _, err := load(t, inFile("ping.interval", "0.000001"))
	if err != nil || c.Ping.Interval != MinInterval {
		t.Errorf("interval %v, %v: want %v", c.Ping.Interval, err, MinInterval)
	}
}
