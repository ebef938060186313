package ubus

import (
	"errors"
	"strconv"
)

// Status is the answer code that ends each request on the bus (ubusmsg.h, enum
// ubus_msg_status). As an error it is what [Client.Call] returns and what a
// [Method] answers.
type Status int

// The answer codes that programs on the bus give.
const (
	StatusOK               Status = iota // done
	StatusInvalidCommand                 // the bus does not know this type of message
	StatusInvalidArgument                // a name, a type or a value is wrong; also: that path is taken
	StatusMethodNotFound                 // the object has no such method
	StatusNotFound                       // there is no such object
	StatusNoData                         // nothing to tell
	StatusPermissionDenied               // the access list says no
	StatusTimeout                        // no answer in time
	StatusNotSupported                   // not on this system
	StatusUnknownError                   // any other fault
	StatusConnectionFailed               // the connection broke
	StatusNoMemory                       // no room for this now
	StatusParseError                     // a message could not be read
	StatusSystemError                    // the system said no
)

// ErrNotConnected is returned when there is no connection to ubusd, or when it
// broke before the answer came.
var ErrNotConnected = errors.New("not connected to ubusd")

// Error returns the code in the words of the ubus command line program.
func (s Status) Error() string {
	texts := [...]string{
		"success", "invalid command", "invalid argument", "method not found", "not found",
		"no response", "permission denied", "request timed out", "operation not supported", "unknown error",
		"connection failed", "out of memory", "parsing message data failed", "system error",
	}
	if s < 0 || int(s) >= len(texts) {
		return "ubus status " + strconv.Itoa(int(s))
	}
	return texts[s]
}

// statusOf is the code that answers a call whose method returned err: the
// [Status] that err is or wraps, otherwise [StatusUnknownError].
func statusOf(err error) Status {
	var s Status
	switch {
	case err == nil:
		return StatusOK
	case errors.As(err, &s):
		return s
	}
	return StatusUnknownError
}
