// What the client holds, and how events and answers change it.

package main

import (
	"maps"
	"strings"

	v1 "userstatus_example/gen/userstatus/v1"
)

// take does what one event asks for. Events that it does not know are left out.
func (c *client) take(event *v1.WatchEvent) error {
	if c.fold(event) {
		return c.prepare()
	}
	return nil
}

// fold puts one event into what is held, and says whether a snapshot is complete with it.
func (c *client) fold(event *v1.WatchEvent) (complete bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if hello := event.GetHello(); hello != nil {
		c.say("hello " + strings.TrimPrefix(hello.ResumeResult.String(), "RESUME_RESULT_"))
		c.tell("CONNECTED", "the stream has begun")
		c.enter(hello.Epoch)
		c.stream = hello.Epoch
		if hello.ResumeResult == v1.ResumeResult_RESUME_RESULT_RESUMED {
			c.named = nil
		}
		return false
	}
	if c.stream != c.epoch {
		return false // an answer told a newer epoch: this stream will end soon
	}
	switch e := event.Event.(type) {
	case *v1.WatchEvent_Status:
		c.foldStatus(e.Status)
	case *v1.WatchEvent_Self:
		c.foldSelf(e.Self)
	case *v1.WatchEvent_Subscribed:
		c.foldRow(e.Subscribed)
	case *v1.WatchEvent_SubscriptionEnded:
		c.foldEnd(e.SubscriptionEnded)
	case *v1.WatchEvent_Progress:
		c.cursor = e.Progress.Cursor
		if e.Progress.HeartbeatRequested {
			signal(c.beatNow)
		}
	case *v1.WatchEvent_SnapshotEnd:
		c.cursor = e.SnapshotEnd.Cursor
		c.dropUnnamed()
		return true
	case *v1.WatchEvent_Synced:
		c.say("synced")
	}
	return false
}

// admits says whether an answer of this epoch counts, and enters an epoch that is new.
func (c *client) admits(epoch string) bool {
	if c.left[epoch] {
		return false
	}
	c.enter(epoch)
	return true
}

// enter drops what is held of another epoch: its revisions say nothing here.
func (c *client) enter(epoch string) {
	if epoch != c.epoch {
		c.left[c.epoch] = true
		delete(c.left, epoch) // the stream decides which one holds
		c.epoch, c.cursor, c.self = epoch, nil, nil
		c.status, c.row, c.ended = map[string]*v1.UserStatus{}, map[string]int64{}, map[string]int64{}
	}
}

// foldStatus lets the highest revision win, wherever it came from.
func (c *client) foldStatus(status *v1.UserStatus) {
	id := status.UserId
	if c.named != nil {
		c.named.statuses[id] = true
	}
	if held, ok := c.status[id]; ok && held.Revision >= status.Revision {
		return
	}
	c.status[id] = status
	word := strings.ToLower(strings.TrimPrefix(status.OnlineStatus.String(), "ONLINE_STATUS_"))
	c.change(strings.ReplaceAll(word, "_", "-") + " " + id + quoted(status.CustomStatus.GetText()))
}

func (c *client) foldRow(row *v1.Subscription) {
	if c.named != nil {
		c.named.rows[row.UserId] = true
	}
	if row.Generation > c.row[row.UserId] {
		c.row[row.UserId] = row.Generation
		c.say("subscribed " + row.UserId)
	}
}

func (c *client) foldEnd(end *v1.SubscriptionEnded) {
	if end.Generation < c.row[end.UserId] {
		return
	}
	delete(c.row, end.UserId)
	c.ended[end.UserId] = max(c.ended[end.UserId], end.Generation)
	if !end.StillVisible {
		delete(c.status, end.UserId)
	}
	c.change("ended " + end.UserId + " " + strings.TrimPrefix(end.Reason.String(), "SUBSCRIPTION_END_REASON_"))
}

// foldSelf compares with oneself only: this view has revisions of its own.
func (c *client) foldSelf(self *v1.SelfStatus) {
	if c.self != nil && self.Status.Revision <= c.self.Revision {
		return
	}
	text := c.selfText
	c.self, c.selfText = self.Status, self.Status.CustomStatus.GetText()
	if text != c.selfText {
		c.say("self" + quoted(c.selfText))
	}
}

func (c *client) change(line string) {
	c.changes++
	c.say(line)
}

// named has who was named, apart: of a target whose row has ended, a friend's status may go on.
type named struct{ rows, statuses map[string]bool }

// dropUnnamed ends a snapshot: what was not named since the Watch was called is gone.
func (c *client) dropUnnamed() {
	if c.named == nil {
		return
	}
	maps.DeleteFunc(c.status, func(id string, _ *v1.UserStatus) bool { return !c.named.statuses[id] })
	maps.DeleteFunc(c.row, func(id string, _ int64) bool { return !c.named.rows[id] })
	c.named = nil
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}
