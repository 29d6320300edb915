package core

import (
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
)

// A cursor is a version byte, hashes of epoch and user, the commit that it covers, and a checksum.
const (
	cursorVersion = 1
	cursorBytes   = 1 + 8 + 8 + 8 + 4
)

type cursor struct {
	epoch, user uint64
	commit      int64
}

func (u *user) cursor(commit int64) cursor {
	return cursor{hash(u.app.epoch), hash(u.app.id + "\x00" + u.id), commit}
}

func (c cursor) bytes() []byte {
	b := make([]byte, 0, cursorBytes)
	b = append(b, cursorVersion)
	b = binary.BigEndian.AppendUint64(b, c.epoch)
	b = binary.BigEndian.AppendUint64(b, c.user)
	b = binary.BigEndian.AppendUint64(b, uint64(c.commit))
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// readCursor says no to what this server never gives.
func readCursor(b []byte) (cursor, bool) {
	if len(b) != cursorBytes || b[0] != cursorVersion {
		return cursor{}, false
	}
	body := b[:cursorBytes-4]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(b[cursorBytes-4:]) {
		return cursor{}, false
	}
	at := func(i int) uint64 { return binary.BigEndian.Uint64(b[i:]) }
	return cursor{at(1), at(9), int64(at(17))}, true
}

// covers says whether the user's Watch can go on from the cursor.
func (u *user) covers(c cursor) bool {
	now := u.cursor(u.app.commit)
	return c.epoch == now.epoch && c.user == now.user && c.commit <= now.commit &&
		c.commit >= max(u.bornCommit, u.forgotten, u.friendsCommit, u.app.featuresCommit)
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}
