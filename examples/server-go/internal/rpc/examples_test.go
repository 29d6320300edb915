package rpc_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The worked examples of SPEC.md's Appendix A, run as they stand there.
func TestSpecExamples(t *testing.T) {
	text, err := os.ReadFile("../../../SPEC.md")
	if err != nil {
		t.Skip(err)
	}
	heading := ""
	var lines []string
	in, profile := false, ""
	for _, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "### A."):
			heading = strings.TrimSpace(line[4:])
		case !in && strings.HasPrefix(line, "```example"):
			in, lines, profile = true, nil, "standard"
			if name := strings.TrimSpace(line[len("```example"):]); name != "" {
				profile = name
			}
		case in && strings.HasPrefix(line, "```"):
			in = false
			statements, profile := join(lines), profile
			t.Run(heading, func(t *testing.T) { runExample(t, profile, statements) })
		case in:
			lines = append(lines, line)
		}
	}
}

// join puts continuation lines behind the statement that they belong to.
func join(lines []string) []string {
	var all []string
	for _, line := range lines {
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, " ") && len(all) > 0:
			all[len(all)-1] += " " + strings.TrimSpace(line)
		default:
			all = append(all, line)
		}
	}
	return all
}

var (
	callLine  = regexp.MustCompile(`^(\w+): (\w+) (\{.*\})$`)
	okLine    = regexp.MustCompile(`^→ ok (\{.*\})$`)
	errLine   = regexp.MustCompile(`^→ ([A-Z_]+), ([A-Z_]+) (\{.*\})$`)
	eventLine = regexp.MustCompile(`^(\w+) ← (.*)$`)
	closeLine = regexp.MustCompile(`^(\w+) closes the Watch$`)
	clockLine = regexp.MustCompile(`^clock \+([\d.]+)s$`)
	givenLine = regexp.MustCompile(`^given (\w+) (logged in|watching (\w+) as|watching as|logged in as) ?(?:as )?\$(\w+)$`)
	varText   = regexp.MustCompile(`^\$(\w+)(?: \+ (\d+)([smhd]))?$`)
	rangeText = regexp.MustCompile(`"u1…u(\d+)"`)
	platforms = map[string]string{"phone": "PLATFORM_ANDROID", "tablet": "PLATFORM_IPADOS", "laptop": "PLATFORM_WINDOWS"}
)

type example struct {
	t       *testing.T
	client  *http.Client
	user    string
	admin   string
	vars    map[string]any
	status  int
	answer  map[string]any
	streams map[string]*stream
	session map[string]string
}

func runExample(t *testing.T, profileName string, statements []string) {
	user, admin := serveProfile(t, profileName)
	e := &example{
		t: t, client: &http.Client{Timeout: 20 * time.Second}, user: user, admin: admin,
		vars: map[string]any{}, streams: map[string]*stream{}, session: map[string]string{},
	}
	e.advance("0")
	defer func() {
		for _, s := range e.streams {
			s.close()
		}
	}()
	for _, statement := range statements {
		e.run(statement)
		if t.Failed() {
			t.Fatalf("at: %s", statement)
		}
	}
}

func (e *example) run(line string) {
	if m := givenLine.FindStringSubmatch(line); m != nil {
		e.given(m[1], m[2], m[3], m[4])
	} else if m := clockLine.FindStringSubmatch(line); m != nil {
		e.advance(m[1])
	} else if m := closeLine.FindStringSubmatch(line); m != nil {
		e.streams[m[1]].close()
		time.Sleep(100 * time.Millisecond)
	} else if m := okLine.FindStringSubmatch(line); m != nil {
		if e.status != http.StatusOK {
			e.t.Errorf("refused: %v", e.answer)
		}
		e.match(decode(e.t, m[1]), e.answer, "answer")
	} else if m := errLine.FindStringSubmatch(line); m != nil {
		e.refused(m[1], m[2], decode(e.t, m[3]))
	} else if m := eventLine.FindStringSubmatch(line); m != nil {
		if m[2] == "end" {
			e.streams[m[1]].end(e.t)
			return
		}
		e.match(decode(e.t, m[2]), e.streams[m[1]].next(e.t), "event")
	} else if m := callLine.FindStringSubmatch(line); m != nil {
		e.call(m[1], m[2], m[3])
	} else {
		e.t.Errorf("can't read: %s", line)
	}
}

func (e *example) given(who, what, target, session string) {
	e.call(who, "Login", fmt.Sprintf(`{"deviceId": %q, "platform": %q}`, session, platforms[session]))
	e.vars[session], _ = e.answer["sessionId"].(string)
	if strings.HasPrefix(what, "logged") {
		return
	}
	if target != "" {
		e.call(who, "Subscribe", fmt.Sprintf(`{"sessionId": "$%s", "userIds": [%q]}`, session, target))
	}
	e.call(who, "Watch", fmt.Sprintf(`{"sessionId": "$%s"}`, session))
	for {
		if _, ok := e.streams[who].next(e.t)["snapshotEnd"]; ok || e.t.Failed() {
			return
		}
	}
}

func (e *example) call(who, method, body string) {
	if m := rangeText.FindStringSubmatch(body); m != nil {
		n, _ := strconv.Atoi(m[1])
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("%q", "u"+strconv.Itoa(i+1)))
		}
		body = strings.Replace(body, m[0], strings.Join(ids, ", "), 1)
	}
	for name, value := range e.vars {
		if text, ok := value.(string); ok {
			body = strings.ReplaceAll(body, `"$`+name+`"`, strconv.Quote(text))
		}
	}
	url, token := e.user+"/userstatus.v1.UserStatusService/"+method, "dev:app:"+who
	switch who {
	case "admin":
		url, token = e.admin+"/userstatus.admin.v1.AdminService/"+method, "dev-admin:app"
	case "nobody":
		token = ""
	}
	if method == "Watch" && !strings.Contains(body, `"AAAA"`) {
		e.streams[who] = openStream(e.t, url, token, body)
		return
	}
	if method == "Watch" {
		s := openStream(e.t, url, token, body)
		e.status, e.answer = http.StatusBadRequest, s.refusal(e.t)
		return
	}
	e.status, e.answer = post(e.t, e.client, url, token, body)
}

func (e *example) advance(seconds string) {
	url := e.admin + "/userstatus.testing.v1.TestingService/AdvanceClock"
	if status, answer := post(e.t, e.client, url, "dev-admin:app", `{"duration": "`+seconds+`s"}`); status != http.StatusOK {
		e.t.Fatal(answer)
	}
}

func (e *example) refused(code, reason string, metadata any) {
	details, _ := e.answer["details"].([]any)
	if len(details) == 0 {
		e.t.Fatalf("not refused: %v", e.answer)
	}
	debug := details[0].(map[string]any)["debug"].(map[string]any)
	if e.answer["code"] != strings.ToLower(code) || debug["reason"] != reason || debug["domain"] != "userstatus" {
		e.t.Errorf("refused otherwise: %v", e.answer)
	}
	got, _ := debug["metadata"].(map[string]any)
	e.match(metadata, got, "metadata")
}

// match compares what came with a pattern: `…` stands for anything, "$name" for a variable.
func (e *example) match(want, got any, at string) {
	switch want := want.(type) {
	case map[string]any:
		object, _ := got.(map[string]any)
		_, open := want["…"]
		for key, value := range want {
			if key != "…" {
				e.match(value, object[key], at+"."+key)
			}
		}
		for key := range object {
			if _, named := want[key]; !named && !open {
				e.t.Errorf("%s has %s: %v", at, key, object[key])
			}
		}
	case []any:
		list, _ := got.([]any)
		for i, value := range want {
			if value == "…" && i == len(want)-1 {
				return
			}
			if i >= len(list) {
				e.t.Errorf("%s is too short: %v", at, got)
				return
			}
			e.match(value, list[i], fmt.Sprintf("%s[%d]", at, i))
		}
		if len(list) > len(want) {
			e.t.Errorf("%s is too long: %v", at, got)
		}
	case string:
		e.matchText(want, got, at)
	default:
		if want != got {
			e.t.Errorf("%s: want %v, got %v", at, want, got)
		}
	}
}

func (e *example) matchText(want string, got any, at string) {
	m := varText.FindStringSubmatch(want)
	switch {
	case want == "…":
		if got == nil {
			e.t.Errorf("%s is missing", at)
		}
	case m == nil:
		if want != got {
			e.t.Errorf("%s: want %v, got %v", at, want, got)
		}
	case m[2] == "":
		if e.vars[m[1]] == nil {
			e.vars[m[1]] = got
		}
		if want := e.vars[m[1]]; want != got && (!isTime(want) || !timeOf(want).Equal(timeOf(got))) {
			e.t.Errorf("%s: want %v, got %v", at, want, got)
		}
	default: // a time so much later than the variable's, which may stand first since maps have no order
		n, _ := strconv.Atoi(m[2])
		unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[3]]
		later := time.Duration(n) * unit
		if e.vars[m[1]] == nil {
			e.vars[m[1]] = timeOf(got).Add(-later).Format(time.RFC3339Nano)
		}
		if !timeOf(got).Equal(timeOf(e.vars[m[1]]).Add(later)) {
			e.t.Errorf("%s: want %s (%v), got %v", at, want, e.vars[m[1]], got)
		}
	}
}

func isTime(value any) bool { return !timeOf(value).IsZero() }

func timeOf(value any) time.Time {
	text, _ := value.(string)
	when, _ := time.Parse(time.RFC3339Nano, text)
	return when
}

var dots = regexp.MustCompile(`([\[{,]\s*)…`)

func decode(t *testing.T, text string) any {
	text = regexp.MustCompile(`(,?\s*)…\s*\}`).ReplaceAllString(text, `$1"…": true}`)
	text = dots.ReplaceAllString(text, `$1"…"`)
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

func post(t *testing.T, client *http.Client, url, token, body string) (int, map[string]any) {
	req, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer := map[string]any{}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(res.Status, err)
	}
	return res.StatusCode, answer
}

// stream is a Watch over Connect with JSON, read event by event.
type stream struct {
	body   io.ReadCloser
	reader *bufio.Reader
	events []map[string]any
	last   map[string]any // the end of the stream
}

func openStream(t *testing.T, url, token, body string) *stream {
	frame := append([]byte{0, 0, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	req, _ := http.NewRequest(http.MethodPost, url, bytes.NewReader(frame))
	req.Header.Set("Content-Type", "application/connect+json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	return &stream{body: res.Body, reader: bufio.NewReader(res.Body)}
}

func (s *stream) close() { _ = s.body.Close() }

func (s *stream) read(t *testing.T) {
	timer := time.AfterFunc(10*time.Second, s.close)
	defer timer.Stop()
	var head [5]byte
	if _, err := io.ReadFull(s.reader, head[:]); err != nil {
		t.Fatalf("the stream broke: %v", err)
	}
	data := make([]byte, int(head[1])<<24|int(head[2])<<16|int(head[3])<<8|int(head[4]))
	if _, err := io.ReadFull(s.reader, data); err != nil {
		t.Fatalf("the stream broke: %v", err)
	}
	frame := map[string]any{}
	if err := json.Unmarshal(data, &frame); err != nil {
		t.Fatal(err)
	}
	if head[0]&2 != 0 {
		s.last = frame
		return
	}
	for _, event := range frame["events"].([]any) {
		event := event.(map[string]any)
		if _, alive := event["progress"]; !alive {
			s.events = append(s.events, event)
		}
	}
}

func (s *stream) next(t *testing.T) map[string]any {
	for len(s.events) == 0 && s.last == nil {
		s.read(t)
	}
	if len(s.events) == 0 {
		t.Fatalf("the stream ended: %v", s.last)
	}
	event := s.events[0]
	s.events = s.events[1:]
	return event
}

func (s *stream) end(t *testing.T) {
	for len(s.events) == 0 && s.last == nil {
		s.read(t)
	}
	if len(s.events) > 0 || s.last["error"] != nil {
		t.Errorf("no end: %v %v", s.events, s.last)
	}
}

func (s *stream) refusal(t *testing.T) map[string]any {
	for s.last == nil {
		s.read(t)
	}
	refusal, _ := s.last["error"].(map[string]any)
	return refusal
}
