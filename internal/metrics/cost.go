package metrics

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// CPU is how many seconds of all processors this process has used.
func CPU() float64 {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // it can only fail for an invalid argument
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

// Resident is how many bytes of memory this process has now, 0 where /proc does not tell
// (proc_pid_statm(5)).
func Resident() int64 {
	text, _ := os.ReadFile("/proc/self/statm")
	if fields := strings.Fields(string(text)); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}
