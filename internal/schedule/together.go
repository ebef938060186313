package schedule

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Together calls f with 0 to n-1, all at the same time, and returns when all have returned.
// A panic of one of them is one of the caller's goroutine, with the stack in its text, once
// the others have returned.
func Together(n int, f func(i int)) {
	panics := make(chan string, n)
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					panics <- fmt.Sprintf("%v\n%s", r, debug.Stack())
				}
			}()
			f(i)
		})
	}
	calls.Wait()
	close(panics)
	for p := range panics {
		panic(p)
	}
}
