package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// chat plays the methods of Slack's API that are used, as Slack answers them.
func (o *Outside) chat(w http.ResponseWriter, r *http.Request) {
	var m struct{ Channel, TS, Text string }
	method := strings.TrimPrefix(r.URL.Path, "/")
	if strings.HasPrefix(method, "chat.") && json.NewDecoder(r.Body).Decode(&m) != nil {
		answer(w, map[string]any{"ok": false, "error": "invalid_json"})
		return
	}
	switch method {
	case "auth.test":
		w.Header().Set("X-OAuth-Scopes", "chat:write,chat:write.public")
		answer(w, map[string]any{"ok": true})
	case "chat.postMessage":
		a := o.arrived(arrival{Kind: kindSlack, To: m.Channel, Text: m.Text})
		ts := fmt.Sprintf("%d.%06d", a.At.Unix(), a.ID)
		o.mu.Lock()
		a.key = ts
		o.mu.Unlock()
		answer(w, map[string]any{"ok": true, "channel": m.Channel, "ts": ts})
	case "chat.update":
		if !o.change(kindSlack, m.TS, func(a *arrival) { a.Text, a.State = m.Text, "changed" }) {
			answer(w, map[string]any{"ok": false, "error": "message_not_found"})
			return
		}
		answer(w, map[string]any{"ok": true, "channel": m.Channel, "ts": m.TS})
	default:
		answer(w, map[string]any{"ok": false, "error": "unknown_method"})
	}
}

// answer writes JSON. An answer that nobody takes is nobody's loss.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}
