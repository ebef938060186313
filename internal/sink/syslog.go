package sink

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

const (
	facilityUser = 1 // RFC 3164, section 4.1.1

	// syslogWait is how long one message may take. It bounds the delay at
	// shutdown, too.
	syslogWait = 100 * time.Millisecond
)

// syslogPaths are the sockets on which a local syslog daemon may listen.
func syslogPaths() []string {
	return []string{"/dev/log", "/var/run/syslog", "/var/run/log"}
}

// syslogSocket writes messages to the local syslog daemon.
//
// It stands in for log/syslog, whose writer blocks for ever when the daemon
// does not read: that would be the end of all logging. Here a write has a
// deadline, and after each failure the next one connects anew, so that a
// daemon that was restarted is found again.
type syslogSocket struct {
	paths  []string
	conn   net.Conn // nil when not connected
	stream bool     // messages need a separator
}

func newSyslogSocket(paths []string) *syslogSocket { return &syslogSocket{paths: paths} }

// write connects if need be and sends one message. After an error there is no
// connection, so that no rest of a message stays in a stream.
func (s *syslogSocket) write(r record) error {
	if s.conn == nil {
		if err := s.connect(); err != nil {
			return err
		}
	}
	b := fmt.Appendf(nil, "<%d>%s imon[%d]: imon %s",
		facilityUser<<3|int(r.severity), r.time.Local().Format(time.Stamp), os.Getpid(), r.text)
	if s.stream {
		b = append(b, '\n')
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(syslogWait))
	if err == nil {
		_, err = s.conn.Write(b)
	}
	if err != nil {
		s.close()
		return fmt.Errorf("cannot write to syslog: %w", err)
	}
	return nil
}

// connect connects to the first socket that somebody listens on, as datagram
// socket or else as stream.
func (s *syslogSocket) connect() error {
	var failed []error
	dialer := net.Dialer{Timeout: syslogWait}
	for _, network := range []string{"unixgram", "unix"} {
		for _, path := range s.paths {
			conn, err := dialer.Dial(network, path)
			if err == nil {
				s.conn, s.stream = conn, network == "unix"
				return nil
			}
			failed = append(failed, err)
		}
	}
	return fmt.Errorf("cannot connect to syslog: %w", errors.Join(failed...))
}

func (s *syslogSocket) close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}
