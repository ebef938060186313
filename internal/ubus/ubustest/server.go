// Package ubustest is a message bus for tests: a fake of ubusd that routes
// between real clients over a real socket as ubusd does, and the real ubusd
// where that is installed.
//
// The fake knows no access lists: everybody is root.
package ubustest

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"testing"

	"github.com/ejgeiger/imon/internal/ubus"
)

// Bus is an ubusd that a test can kill and start again.
type Bus interface {
	// Socket is where clients connect to.
	Socket() string
	// Kill ends ubusd and with it all connections.
	Kill()
	// Restart starts a killed one at the same socket. It knows nothing of before.
	Restart()
}

// Server is the fake ubusd.
type Server struct {
	tb      testing.TB
	socket  string
	running sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	clients  map[uint32]*client
	objects  map[uint32]*object
	eventSeq uint16
}

// object is what a client has registered.
type object struct {
	id, typ     uint32
	path        string
	owner       *client
	signature   []byte
	patterns    []string
	subscribers []*object
	seq         uint16
}

// Start starts a fake ubusd that lives until the test ends.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{tb: tb, socket: filepath.Join(shortDir(tb), "ubus.sock")}
	s.Restart()
	tb.Cleanup(s.Kill)
	return s
}

// shortDir makes a directory whose name fits into a socket's address however
// long the test's name is.
func shortDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "ubus")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Socket is where clients connect to.
func (s *Server) Socket() string { return s.socket }

// Restart starts the server at its socket again.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := net.Listen("unix", s.socket)
	if err != nil {
		s.tb.Fatalf("cannot start the fake ubusd: %v", err)
	}
	s.listener, s.clients, s.objects = l, map[uint32]*client{}, map[uint32]*object{}
	s.running.Go(func() { s.accept(l) })
}

// Kill closes the socket and all connections. Killing twice is no fault.
func (s *Server) Kill() {
	s.mu.Lock()
	if s.listener != nil {
		_ = s.listener.Close()
	}
	s.listener = nil
	for _, c := range s.clients {
		c.close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Objects lists the paths that are registered now, sorted.
func (s *Server) Objects() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	for _, o := range s.objects {
		if o.path != "" {
			paths = append(paths, o.path)
		}
	}
	sort.Strings(paths)
	return paths
}

func (s *Server) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.welcome(l, conn)
	}
}

// welcome gives a connection its id and greets it.
func (s *Server) welcome(l net.Listener, conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != l {
		_ = conn.Close()
		return
	}
	c := newClient(s, s.newID(), conn)
	s.clients[c.id] = c
	c.send(ubus.NewFrame(nil, ubus.MsgHello, 0, c.id))
	s.running.Go(c.write)
	s.running.Go(c.read)
}

// newID draws an id that nothing has yet. Those below 1024 are ubusd's own.
func (s *Server) newID() uint32 {
	for {
		id := rand.Uint32()
		if id >= 1024 && s.clients[id] == nil && s.objects[id] == nil {
			return id
		}
	}
}

// find returns the object at path, or nil.
func (s *Server) find(path string) *object {
	for _, o := range s.objects {
		if o.path == path && path != "" {
			return o
		}
	}
	return nil
}
