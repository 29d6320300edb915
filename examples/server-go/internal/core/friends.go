package core

import (
	"maps"
	"slices"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// friendsVisible says whether friends are seen without a row.
func (a *App) friendsVisible() bool {
	return a.features.friendNotifications && a.profile.Has("friends")
}

// hasVisibleFriend says whether a target is seen as a friend.
func (u *user) hasVisibleFriend(target string) bool {
	_, ok := u.friends[target]
	return ok && u.app.friendsVisible() && u.app.registered(target)
}

// visibleFriends are the friends that are seen, ascending by bytes.
func (u *user) visibleFriends() []string {
	var visible []string
	for _, id := range slices.Sorted(maps.Keys(u.friends)) {
		if u.hasVisibleFriend(id) {
			visible = append(visible, id)
		}
	}
	return visible
}

// tellStatus tells the status of a user to everybody who sees him.
func (a *App) tellStatus(u *user) {
	for owner := range a.rowsTo[u.id] {
		for w := range owner.watches {
			w.tellStatus(u.status)
		}
	}
	for owner := range a.friendOf[u.id] {
		if _, twice := a.rowsTo[u.id][owner]; twice || !owner.hasVisibleFriend(u.id) {
			continue
		}
		for w := range owner.watches {
			w.tellStatus(u.status)
		}
	}
}

// showFriend tells the status of somebody who has become a visible friend.
func (u *user) showFriend(id string) {
	for w := range u.watches {
		w.tellStatus(u.app.statusOf(id))
	}
}

// hideFriend tells that somebody is no visible friend any more.
func (u *user) hideFriend(id string, reason pb.SubscriptionEndReason) {
	for w := range u.watches {
		w.tellEnded(&pb.SubscriptionEnded{UserId: id, Reason: reason, StillVisible: u.rows[id] != nil})
	}
}

// setFriends replaces the friend list.
func (u *user) setFriends(list []string) {
	a, before := u.app, u.visibleFriends()
	next := map[string]struct{}{}
	for _, id := range list {
		if id != u.id && a.registered(id) {
			next[id] = struct{}{}
		}
	}
	if maps.Equal(next, u.friends) {
		return
	}
	for id := range u.friends {
		if delete(a.friendOf[id], u); len(a.friendOf[id]) == 0 {
			delete(a.friendOf, id)
		}
	}
	for id := range next {
		if a.friendOf[id] == nil {
			a.friendOf[id] = map[*user]struct{}{}
		}
		a.friendOf[id][u] = struct{}{}
	}
	u.friends, u.friendsCommit = next, a.tick()
	u.friendsTurned(before)
}

// friendsTurned tells the difference between the friends that were visible and those that are.
func (u *user) friendsTurned(before []string) {
	after := u.visibleFriends()
	for _, id := range before {
		if _, still := slices.BinarySearch(after, id); !still {
			u.hideFriend(id, pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_UNFRIENDED)
		}
	}
	for _, id := range after {
		if _, already := slices.BinarySearch(before, id); !already {
			u.showFriend(id)
		}
	}
}
