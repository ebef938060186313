package probe

import (
	"errors"

	"golang.org/x/sys/unix"
)

// maxFD is where the search for a socket stops.
const maxFD = 1 << 16

var errNoSocket = errors.New("the socket to bind is not there")

// bindMarked binds the socket that carries mark to device (SO_BINDTODEVICE,
// socket(7)) and takes the mark off.
//
// pro-bing opens its socket itself and hands it to nobody. Its Source is a true
// bind(2), but its InterfaceName only names the device of each outgoing packet
// (IP_PKTINFO, ip(7)): answers are taken from any device, and each round lists
// all interfaces to find one. What it offers is SO_MARK, set before OnSetup is
// called, and that serves as a name tag: the round's mark is a random number, so
// the one socket of this process that has it is the round's. As the mark is gone
// before the first packet, neither firewall nor routing rules ever see it.
func bindMarked(mark int, device string) error {
	for fd := range maxFD {
		got, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK)
		if err != nil || got != mark {
			continue
		}
		if err := unix.BindToDevice(fd, device); err != nil {
			return err
		}
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, 0)
	}
	return errNoSocket
}
