package core

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"sort"
	"strings"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// QueryStatuses gives current statuses.
func (a *App) QueryStatuses(c Caller, req *pb.QueryStatusesRequest) (*pb.QueryStatusesResponse, error) {
	now := a.enter()
	defer a.leave()
	if err := checkBatch("user_ids", req.UserIds, a.profile.Query.BatchMax); err != nil {
		return nil, err
	}
	s, err := a.active(c.User, req.SessionId)
	if err != nil {
		return nil, err
	}
	if err := s.user.admit("QueryStatuses", namesOnly(req.UserIds, c.User), now); err != nil {
		return nil, err
	}
	answer := &pb.QueryStatusesResponse{Epoch: a.epoch}
	for _, id := range unique(req.UserIds) {
		answer.Results = append(answer.Results, a.queryResult(id, a.whyNot(s.user, id, a.profile.Query.SelfAllowed)))
	}
	return answer, nil
}

func (a *App) queryResult(id string, whyNot pb.ErrorReason) *pb.QueryResult {
	if whyNot != 0 {
		return &pb.QueryResult{UserId: id, Result: &pb.QueryResult_Error{Error: a.userError(whyNot)}}
	}
	return &pb.QueryResult{UserId: id, Result: &pb.QueryResult_Status{Status: a.statusOf(id)}}
}

// ListSubscriptions gives the rows by pages.
func (a *App) ListSubscriptions(c Caller, req *pb.ListSubscriptionsRequest) (*pb.ListSubscriptionsResponse, error) {
	now := a.enter()
	defer a.leave()
	most := a.profile.Subscription.ListPageMax
	if req.PageSize < 0 {
		return nil, invalidField("page_size")
	}
	if err := checkIDs("user_ids", req.UserIds, most); err != nil {
		return nil, err
	}
	after, ok := a.readPageToken(c.User, req.UserIds, req.PageToken)
	if !ok {
		return nil, Refuse(pb.ErrorReason_ERROR_REASON_MALFORMED_PAGE_TOKEN, "field", "page_token")
	}
	s, err := a.active(c.User, req.SessionId)
	if err != nil {
		return nil, err
	}
	u := s.user
	if err := u.admit("ListSubscriptions", namesOnly(req.UserIds, u.id), now); err != nil {
		return nil, err
	}
	size := int(most)
	if req.PageSize > 0 {
		size = min(size, int(req.PageSize))
	}
	targets := u.targets()
	targets = targets[sort.Search(len(targets), func(i int) bool { return targets[i] > after }):]
	if len(req.UserIds) > 0 {
		filter := slices.Sorted(slices.Values(req.UserIds))
		targets = slices.DeleteFunc(targets, func(id string) bool {
			_, named := slices.BinarySearch(filter, id)
			return !named
		})
	}
	answer := &pb.ListSubscriptionsResponse{Epoch: a.epoch}
	if len(targets) > size {
		targets = targets[:size]
		answer.NextPageToken = a.pageToken(c.User, req.UserIds, targets[size-1])
	}
	for _, target := range targets {
		answer.Subscriptions = append(answer.Subscriptions,
			&pb.SubscribedUser{Subscription: u.rows[target].wire(), Status: a.statusOf(target)})
	}
	return answer, nil
}

// pageToken names the last target of a page; it is signed for the user and the filter.
func (a *App) pageToken(user string, filter []string, last string) string {
	mac := hmac.New(sha256.New, a.secret)
	filter = slices.Compact(slices.Sorted(slices.Values(filter)))
	mac.Write([]byte(strings.Join([]string{a.id, user, last, strings.Join(filter, ",")}, "\x00")))
	return base64.RawURLEncoding.EncodeToString(append(mac.Sum(nil)[:16], last...))
}

// readPageToken gives the target after which the page begins; an empty token is the first page's.
func (a *App) readPageToken(user string, filter []string, token string) (string, bool) {
	if token == "" {
		return "", true
	}
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(data) <= 16 {
		return "", false
	}
	last := string(data[16:])
	return last, hmac.Equal([]byte(token), []byte(a.pageToken(user, filter, last)))
}
