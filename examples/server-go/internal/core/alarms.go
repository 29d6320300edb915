package core

import "container/heap"

// alarm is one transition that falls due at a time of the app's clock. The zero value is not set.
type alarm struct {
	at    int64
	fire  func(at int64)
	index int // place in the heap, from 1; 0: not set
}

// alarms holds what is due, earliest first.
type alarms []*alarm

// set arms an alarm, or moves one that is armed.
func (h *alarms) set(a *alarm, at int64) {
	a.at = at
	if a.index > 0 {
		heap.Fix(h, a.index-1)
		return
	}
	heap.Push(h, a)
}

func (h *alarms) clear(a *alarm) {
	if a.index > 0 {
		heap.Remove(h, a.index-1)
	}
}

// next takes the earliest alarm that is due at a time, or gives nil.
func (h *alarms) next(now int64) *alarm {
	if len(*h) == 0 || (*h)[0].at > now {
		return nil
	}
	return heap.Pop(h).(*alarm)
}

func (h alarms) Len() int           { return len(h) }
func (h alarms) Less(i, j int) bool { return h[i].at < h[j].at }
func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i+1, j+1
}

// Push is for container/heap.
func (h *alarms) Push(x any) {
	a := x.(*alarm)
	*h = append(*h, a)
	a.index = len(*h)
}

// Pop is for container/heap.
func (h *alarms) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	a.index = 0
	return a
}
