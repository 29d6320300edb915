package core

import (
	"container/list"
	"maps"
	"slices"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// rememberedRows is how many ended rows of a user a cursor can cover.
const rememberedRows = 1000

// row is a subscription: of one user to one target.
type row struct {
	owner       *user
	target      string
	generation  int64
	refreshedAt int64
	until       int64 // 0: no time of its own
	commit      int64
	place       *list.Element // in owner.byRefresh
	alarm       alarm
}

// endedRow is what a resumed Watch tells of a row that is gone.
type endedRow struct {
	target     string
	generation int64
	reason     pb.SubscriptionEndReason
	commit     int64
}

func (r *row) wire() *pb.Subscription {
	return &pb.Subscription{
		UserId: r.target, Generation: r.generation, ExpireTime: stamp(r.until), RefreshTime: stamp(r.refreshedAt),
	}
}

// subscribe makes or refreshes a row and tells it.
func (u *user) subscribe(target string, until, now int64) *row {
	a, r := u.app, u.rows[target]
	if r == nil {
		a.gen = nextRevision(a.gen, now)
		r = &row{owner: u, target: target, generation: a.gen}
		r.alarm.fire = func(int64) { r.end(pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_EXPIRED) }
		r.place = u.byRefresh.PushBack(r)
		u.rows[target] = r
		if a.rowsTo[target] == nil {
			a.rowsTo[target] = map[*user]*row{}
		}
		a.rowsTo[target][u] = r
	}
	r.refreshedAt, r.until, r.commit = now, until, a.tick()
	u.byRefresh.MoveToBack(r.place)
	if a.due.clear(&r.alarm); until != 0 {
		a.due.set(&r.alarm, until)
	}
	for w := range u.watches {
		w.tellRow(r.wire(), a.statusOf(target))
	}
	return r
}

// evict ends the row refreshed longest ago, of those that are not kept.
func (u *user) evict(keep map[string]struct{}) {
	for place := u.byRefresh.Front(); place != nil; place = place.Next() {
		r := place.Value.(*row)
		if _, kept := keep[r.target]; !kept {
			r.end(pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_EVICTED)
			return
		}
	}
}

// drop takes the row out of every index and tells nobody.
func (r *row) drop() {
	u, a := r.owner, r.owner.app
	a.due.clear(&r.alarm)
	u.byRefresh.Remove(r.place)
	delete(u.rows, r.target)
	if delete(a.rowsTo[r.target], u); len(a.rowsTo[r.target]) == 0 {
		delete(a.rowsTo, r.target)
	}
}

// end ends the row, tells it and remembers it.
func (r *row) end(reason pb.SubscriptionEndReason) {
	r.drop()
	u := r.owner
	u.rememberRow(r.target, r.generation, reason)
	for w := range u.watches {
		w.tellEnded(&pb.SubscriptionEnded{
			UserId: r.target, Generation: r.generation, Reason: reason, StillVisible: u.hasVisibleFriend(r.target),
		})
	}
}

// rememberRow notes that a row has ended, for cursors that were given before. Generation 0: the implicit one of a friend.
func (u *user) rememberRow(target string, generation int64, reason pb.SubscriptionEndReason) {
	u.endedRows = append(u.endedRows, endedRow{target, generation, reason, u.app.tick()})
	if extra := len(u.endedRows) - rememberedRows; extra > 0 {
		u.forgotten = u.endedRows[extra-1].commit
		u.endedRows = slices.Delete(u.endedRows, 0, extra)
	}
}

// endRows ends every row of the user.
func (u *user) endRows(reason pb.SubscriptionEndReason) {
	for _, target := range u.targets() {
		u.rows[target].end(reason)
	}
}

// targets are those of the rows, ascending by bytes.
func (u *user) targets() []string { return slices.Sorted(maps.Keys(u.rows)) }
