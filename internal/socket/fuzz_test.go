package socket

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzAnswer lets whoever has the socket answer with any bytes: the client ends, and
// what it returns is a document, a refusal or an error.
func FuzzAnswer(f *testing.F) {
	const head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
	for _, s := range []string{head + `{"version":1,"instance":"main","monitors":{"failover":{"active":"primary","uplinks":[{}]}}}`, head + "[]", head,
		"HTTP/1.1 404 x\r\n\r\n{\"error\":\"no\\u001b[2J\"}", "HTTP/1.1 500 x\r\n\r\nnull", "", "\x00", head + strings.Repeat("[", 1000)} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	answers := make(chan []byte, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(time.Second))
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write(<-answers)
			c.Close()
		}
	}()
	f.Fuzz(func(t *testing.T, answer []byte) {
		if len(answer) > 64<<10 {
			return
		}
		answers <- answer
		d, err := NewClient(path).Status(t.Context(), "")
		var refused Refusal
		if err != nil && !errors.As(err, &refused) && (err.Error() == "" || strings.Contains(err.Error(), "http://")) {
			t.Errorf("%+v, %q", d, err)
		}
	})
}
