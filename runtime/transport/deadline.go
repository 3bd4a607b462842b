package transport

import (
	"net"
	"time"
)

// clock keeps a connection's deadlines with as few calls as it can. A read
// deadline may lie before the time that matters: waking early costs one look
// at the clock. So it is set about once per read timeout, not per read. A
// write that times out breaks TLS, so a write deadline never lies early; it
// may lie late, by slack.
type clock struct {
	read     time.Duration // each wait for the peer; 0: none
	deadline time.Time     // of the exchange; zero: none

	due    time.Time // when the read under way must end; zero: never
	reads  time.Time // the deadlines that are set; zero: none
	writes time.Time
}

// until returns when a wait that begins now must end; zero: never.
func (k *clock) until(now time.Time) time.Time {
	if k.read <= 0 {
		return k.deadline
	}
	due := now.Add(k.read)
	if !k.deadline.IsZero() && k.deadline.Before(due) {
		return k.deadline
	}
	return due
}

// future reports that the read deadline in force has not passed.
func (k *clock) future(now time.Time) bool { return k.reads.IsZero() || k.reads.After(now) }

// clear takes the read deadline away.
func (k *clock) clear(nc net.Conn) {
	k.reads = time.Time{}
	_ = nc.SetReadDeadline(time.Time{})
}

// armRead prepares a read that begins now.
func (k *clock) armRead(nc net.Conn, now time.Time) {
	k.due = k.until(now)
	switch {
	case k.reads.IsZero():
		if k.due.IsZero() {
			return
		}
	case k.reads.After(now) && (k.due.IsZero() || !k.reads.After(k.due)):
		return
	}
	k.reads = k.due
	_ = nc.SetReadDeadline(k.due)
}

// rearmRead is asked after a read timed out: it reports whether that was only
// an early deadline and the read may go on.
func (k *clock) rearmRead(nc net.Conn, now time.Time) bool {
	if !k.due.IsZero() && !now.Before(k.due) {
		return false
	}
	k.reads = k.due
	_ = nc.SetReadDeadline(k.due)
	return true
}

// extend moves the end of the read under way to a wait that began at from.
func (k *clock) extend(from time.Time) {
	if due := k.until(from); due.IsZero() || due.After(k.due) {
		k.due = due
	}
}

// armWrite prepares a write that begins now.
func (k *clock) armWrite(nc net.Conn, now time.Time) {
	due := k.until(now)
	if due.IsZero() {
		if !k.writes.IsZero() {
			k.writes = due
			_ = nc.SetWriteDeadline(due)
		}
		return
	}
	latest := due.Add(max(k.read/50, 20*time.Millisecond))
	if !k.deadline.IsZero() && k.deadline.Before(latest) {
		latest = k.deadline
	}
	if !k.writes.IsZero() && !k.writes.Before(due) && !k.writes.After(latest) {
		return
	}
	k.writes = latest
	_ = nc.SetWriteDeadline(latest)
}
