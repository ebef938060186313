package uplink

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlanWithdraw(t *testing.T) {
	const foreign = "default via 10.0.0.9 dev eth0 proto dhcp metric 100"
	for _, c := range []struct {
		name, kernel string
		want         []string
	}{
		{"nothing there", "", nil},
		{"ours goes", first, []string{"route delete " + first}},
		{"all of ours go", second + "\n" + "default via 192.0.2.1 dev eth1 proto 105 metric 50", []string{
			"route delete " + second, "route delete default via 192.0.2.1 dev eth1 proto 105 metric 50"}},
		{"others stay", foreign, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, twoUplinks+c.kernel)
			ops, err := k.planDefault(None)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, lines(ops)); diff != "" {
				t.Error("plan, -want +got:\n", diff)
			}
			for _, o := range ops {
				k.run(o)
			}
			if again, _ := k.planDefault(None); len(again) > 0 || k.snapshot().Default != None {
				t.Errorf("a second plan is %q:\n%s", lines(again), k.text())
			}
		})
	}
}

// What was withdrawn comes back; meanwhile the private tables go on serving probes.
func TestWithdraw(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	w.setDefault(r, None)
	if s := w.sync(r); s.Default != None || len(w.mains(r)) > 0 || !s.Uplinks[0].Usable() {
		t.Errorf("withdrawn: %+v, %q", s, w.mains(r))
	}
	writes := r.writes
	w.setDefault(r, None)
	if r.writes != writes {
		t.Error("it was withdrawn twice")
	}
	w.setDefault(r, 1)
	if s := w.sync(r); s.Default != 1 {
		t.Errorf("put back: %+v", s)
	}
}
