package load

import (
	"bytes"
	"strings"
	"sync"

	"github.com/officernd/supportline/twilio"
)

// ownSID stands for the call's SID in the documents that are kept.
const ownSID = "CAffffffffffffffffffffffffffffffff"

// maxDocuments bounds the documents that are kept. Most answers are one of a few hundred, but for the SID.
const maxDocuments = 4096

// documents parses answers, each different one once: to parse XML costs as much as the server takes for a webhook.
type documents struct {
	mu   sync.Mutex
	kept map[string]twilio.Response
}

// parse returns a document, with ownSID in the place of the call's. It belongs to all calls and must not be changed.
func (d *documents) parse(body []byte, sid string) (twilio.Response, error) {
	general := bytes.ReplaceAll(body, []byte(sid), []byte(ownSID))
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.kept[string(general)]; ok {
		return r, nil
	}
	r, err := twilio.Parse(general)
	if err != nil {
		return r, err
	}
	if d.kept == nil || len(d.kept) >= maxDocuments {
		d.kept = map[string]twilio.Response{}
	}
	d.kept[string(general)] = r
	return r, nil
}

// own returns an address of a document with the call's SID.
func (c *call) own(address string) string { return strings.ReplaceAll(address, ownSID, c.sid) }
