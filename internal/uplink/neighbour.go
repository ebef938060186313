package uplink

import "fmt"

// Neighbours says which other programs decide here, by routing rules of their own,
// by which uplink packets leave: one sentence each; none also when the kernel cannot
// be asked. It changes nothing and needs no privilege.
func Neighbours(specs []Spec, o Options) []string {
	k, err := look(specs, o)
	if err != nil {
		return nil
	}
	return k.neighbours()
}

func (k *kernel) neighbours() (found []string) {
	for _, other := range []struct {
		name        string
		first, last int // priorities of its rules
	}{{"mwan3", 1000, 3999}, {"pbr", 29000, 30000}} {
		n := 0
		for _, priority := range k.marked {
			if other.first <= priority && priority <= other.last {
				n++
			}
		}
		if n > 0 {
			found = append(found, fmt.Sprintf("%s seems to be at work, too: packets with a firewall mark have routing rules of their own (%d, of priority %d to %d). "+
				"imon leaves those alone, and such packets do not follow its default route.", other.name, n, other.first, other.last))
		}
	}
	return found
}
