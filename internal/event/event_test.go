package event

import (
	"slices"
	"testing"
)

func TestDevice(t *testing.T) {
	for want, u := range map[string]Uplink{
		"pnet (eth1)": {Name: "pnet", Interface: "eth1"},
		"'eth1'":      {Interface: "eth1"},
	} {
		if got := u.Device(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAlive(t *testing.T) {
	if (Round{Sent: 3}).Alive() || !(Round{Sent: 3, Received: 1}).Alive() {
		t.Error("a round is alive when something was received, and only then")
	}
}

// list is a subscriber that notes what it gets in a list that others share.
type list struct {
	name string
	got  *[]string
}

func (l list) Publish(e Event) { *l.got = append(*l.got, l.name+" "+e.Text) }

func TestBusHandsEachEventToEachSubscriberInOrder(t *testing.T) {
	var got []string
	b := NewBus(list{"a", &got}, list{"b", &got})
	b.Publish(Event{Text: "1"})
	b.Publish(Event{Text: "2"})
	NewBus().Publish(Event{Text: "nobody hears this"})
	if want := []string{"a 1", "b 1", "a 2", "b 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
