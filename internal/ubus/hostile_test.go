package ubus

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.refuse.Store(true)
		b.run()
		time.Sleep(3 * time.Minute)
		tried, want := b.attempts(), minBackoff
		for i := range len(tried) - 1 {
			if got := tried[i+1].Sub(tried[i]); got != want {
				t.Errorf("attempt %d came after %v, want %v", i+1, got, want)
			}
			want = min(2*want, maxBackoff)
		}
		if len(tried) < 13 || b.logged("No connection") != 1 {
			t.Errorf("%d attempts, log %q", len(tried), b.log)
		}
		b.refuse.Store(false)
		conn := b.greet()
		if !b.client.Connected() || b.logged("Connected to ubusd") != 1 {
			t.Errorf("after a greeting: log %q", b.log)
		}
		time.Sleep(time.Minute)
		_ = conn.Close()
		broke := time.Now()
		b.greet()
		tried = b.attempts()
		if again := tried[len(tried)-1].Sub(broke); again != minBackoff {
			t.Errorf("the first attempt after a long connection came after %v", again)
		}
	})
}

func TestConnectionsThatBreakAtOnceAreNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		end := time.Now().Add(time.Hour)
		for time.Now().Before(end) {
			_ = b.greet().Close()
		}
		if n, lines := len(b.attempts()), b.logged(""); n > 140 || lines > 280 {
			t.Errorf("%d connections and %d lines in an hour", n, lines)
		}
	})
}

func TestFaultyFramesEndTheConnection(t *testing.T) {
	for name, wire := range map[string]string{
		"version":   "\x01\x05\x00\x01\x00\x00\x00\x00\x00\x00\x00\x04",
		"length":    "\x00\x05\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00",
		"size":      "\x00\x05\x00\x01\x00\x00\x00\x00\x00\xff\xff\xff",
		"attribute": "\x00\x05\x00\x01\x00\x00\x00\x00\x00\x00\x00\x08\x03\x00\x00\x01",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.run()
				conn := b.greet()
				if _, err := conn.Write([]byte(wire)); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if b.client.Connected() || b.logged("cannot read from ubusd") != 1 {
					t.Errorf("log %q", b.log)
				}
				b.greet()
				if !b.client.Connected() {
					t.Error("not connected again")
				}
			})
		})
	}
}

func TestUbusdThatDoesNotGreet(t *testing.T) {
	for name, first := range map[string]*Frame{
		"silence": nil,
		"status":  NewFrame(nil, MsgStatus, 0, 0).Uint32(AttrStatus, 0),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.run()
				conn := <-b.dials
				if first != nil {
					b.send(conn, first)
				}
				time.Sleep(helloWait + time.Millisecond)
				if b.logged(errHello.Error()) != 1 {
					t.Errorf("log %q", b.log)
				}
				b.greet()
			})
		})
	}
}

func TestUbusdThatTakesNothingOrAnswersNothing(t *testing.T) {
	for name, row := range map[string]struct {
		reads bool
		after time.Duration
		why   string
	}{
		"takes nothing":   {false, writeWait, "cannot write to ubusd"},
		"answers nothing": {true, answerWait, StatusTimeout.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.client.Add(Object{Path: "x"})
				b.run()
				conn := b.greet()
				if row.reads {
					b.next(conn)
				}
				time.Sleep(row.after + time.Millisecond)
				synctest.Wait()
				if b.logged(row.why) != 1 {
					t.Errorf("log %q", b.log)
				}
			})
		})
	}
}

func TestRefusedObjectIsLoggedOnceAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.client.Add(Object{Path: "x"})
		b.run()
		conn := b.greet()
		var last time.Time
		for i := range 12 {
			m := b.next(conn)
			want := min(minBackoff<<max(i-1, 0), maxBackoff)
			if got := time.Since(last); i > 0 && got != want {
				t.Errorf("attempt %d came after %v, want %v", i, got, want)
			}
			last = time.Now()
			b.send(conn, NewFrame(nil, MsgStatus, m.Seq, 0).Uint32(AttrStatus, uint32(StatusInvalidArgument)))
		}
		m := b.next(conn)
		b.send(conn, NewFrame(nil, MsgData, m.Seq, 0).Uint32(AttrObjID, 77))
		b.send(conn, NewFrame(nil, MsgStatus, m.Seq, 0).Uint32(AttrStatus, 0))
		synctest.Wait()
		if b.logged("Cannot register") != 1 || b.logged("Registered") != 1 {
			t.Errorf("log %q", b.log)
		}
	})
}

func TestForgedAnswersAreIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		conn := b.greet()
		answer := make(chan error, 1)
		go func() {
			_, err := b.client.Call(t.Context(), "x", "y", nil)
			answer <- err
		}()
		m := b.next(conn)
		b.send(conn, NewFrame(nil, MsgStatus, m.Seq, 99).Uint32(AttrStatus, 3))  // from somebody else
		b.send(conn, NewFrame(nil, MsgStatus, m.Seq+1, 0).Uint32(AttrStatus, 3)) // to another question
		b.send(conn, NewFrame(nil, MsgInvoke, 3, 99).Uint32(AttrObjID, 4))       // to no object
		if m := b.next(conn); m.Type != MsgStatus {
			t.Errorf("a call of no object was answered with %+v", m)
		}
		b.send(conn, NewFrame(nil, MsgNotify, 3, 0).Uint32(AttrObjID, 4))      // of no object
		b.send(conn, NewFrame(nil, MessageType(200), 3, 0))                    // of no meaning
		b.send(conn, NewFrame(nil, MsgStatus, m.Seq, 0).Uint32(AttrStatus, 0)) // found, but no id
		if err := <-answer; !errors.Is(err, StatusNotFound) {
			t.Errorf("answered %v", err)
		}
	})
}

func TestCallWithoutDeadlineEndsAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		conn := b.greet()
		answer, began := make(chan error, 1), time.Now()
		go func() {
			_, err := b.client.Call(t.Context(), "x", "y", nil)
			answer <- err
		}()
		b.next(conn)
		if err := <-answer; !errors.Is(err, StatusTimeout) || time.Since(began) != callWait {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestSequenceNumbersGoRound(t *testing.T) {
	c := newConn(t.Context(), nopConn{})
	kept, err := c.expect(request{})
	if err != nil {
		t.Fatal(err)
	}
	for range 1 << 16 {
		seq, err := c.expect(request{})
		if err != nil || seq == kept {
			t.Fatalf("%d again, %v", seq, err)
		}
		c.forget(seq)
	}
	for range maxPending - 1 {
		if _, err := c.expect(request{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.expect(request{}); !errors.Is(err, StatusNoMemory) {
		t.Errorf("too many questions: %v", err)
	}
}
