package schedule

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var called [5]bool
		start := time.Now()
		Together(len(called), func(i int) { time.Sleep(time.Second); called[i] = true })
		if took := time.Since(start); called != [5]bool{true, true, true, true, true} || took != time.Second {
			t.Errorf("%v in %v", called, took)
		}
		Together(0, nil)
	})
}

func TestTogetherPanicsWhereItWasCalled(t *testing.T) {
	others := 0
	defer func() {
		if text, _ := recover().(string); !strings.HasPrefix(text, "boom\n") || !strings.Contains(text, "together_test.go") || others != 1 {
			t.Errorf("%d others, %q", others, text)
		}
	}()
	Together(2, func(i int) {
		if i == 0 {
			panic("boom")
		}
		others++
	})
}
