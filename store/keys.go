package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// A key of the index is a kind, the parts that are looked up, and what it leads to: for a call its place, so that calls are found in the order
// of time. A new index is one more line in callKeys (with its fields in sameKeys), or in the entries of a table, and a new schema.
const (
	bySID      = 's' // SID; the value is the start, which completes the place
	byCustomer = 'c' // customer, place
	byMonth    = 'm' // month, customer, place; the value is the summary
	byWrong    = 'w' // caller, time, SID, number in the call
	byWrongAt  = 'v' // time, SID, number in the call
	byTalking  = 't' // acceptance, SID
	byCaller   = 'p' // caller number, customer number
	byCase     = 'o' // customer, number of the case; the value is its state
	byDue      = 'n' // channel, time of the next try, key of the notice
	byDueOnly  = 'd' // before channelsSince: time of the next try, key of the notice
	byFailed   = 'g' // when the notice was given up, its key
	byStep     = 'r' // what is to be done about a recording, time of the next try, SID of the call, SID of the recording
	byRemoval  = 'x' // time of the next try, SID of the recording

	byFollowUp  = 'f' // SID of the call; the value is the number of its follow-up
	byAccount   = 'F' // customer, number of the follow-up
	byQueue     = 'q' // of follow-ups that are not done: rank, time of waiting, number; the value is what a list selects by
	byLateness  = 'l' // of the same: severity, when it is due, number
	byServing   = 'W' // of the same: whom a call serves with it, customer or caller, number
	byCallBack  = 'C' // number of a follow-up whose caller is being called back
	byEvent     = 'e' // key of an event that people are told of by an alarm; the value is the number of the alarm
	byRunning   = 'R' // of alarms that are not done: kind of event, customer, number; the value is its state
	byOffer     = 'O' // SID of the call, number of the offer
	byOffered   = 'k' // customer, number of the offer
	byTexted    = 'T' // caller, number of an offer by text
	byTextedOn  = 'X' // caller, when a text went there, number of its offer; endOfTime while it may still go out
	byNoText    = 'U' // caller, time until which it is sent no other text, number of the offer
	byDeed      = 'D' // who did it, time, number of the follow-up; the value is what was done
	byAlarmStep = 'a' // of alarms that nobody has taken: time of the next step, number
)

// placeOf returns the key of a call in the bucket of calls, its place: its start and its SID. Calls of one time are next to each other, so
// that a commit writes few pages and a listing reads pages in order.
func placeOf(c policy.Call) []byte {
	return indexKey(make([]byte, 0, 48)).time(c.StartedAt).text(string(c.SID))
}

// callKeys returns the entries of a call in the index, besides that by SID. They depend on the call alone.
func callKeys(c policy.Call) []Edit {
	sid, place := string(c.SID), placeOf(c)
	var keys []Edit
	if c.Customer != "" {
		keys = append(keys, Edit{Bucket: indexBucket, Key: append(key(byCustomer).part(string(c.Customer)), place...)})
	}
	if c.Customer != "" && c.Month != "" && !c.Test() {
		month := append(monthKey(c.Month).part(string(c.Customer)), place...)
		keys = append(keys, Edit{Bucket: indexBucket, Key: month, Value: encodeSummary(c.Summary())})
	}
	if since, talking := c.Talking(); talking {
		keys = append(keys, Edit{Bucket: indexBucket, Key: key(byTalking).time(since).text(sid)})
	}
	for i, at := range c.WrongNumbers {
		for _, wrong := range []indexKey{key(byWrong).part(c.From.Caller()), key(byWrongAt)} {
			wrong = wrong.time(at).text(sid)
			keys = append(keys, Edit{Bucket: indexBucket, Key: binary.BigEndian.AppendUint32(wrong, uint32(i))}) // wrongLength; several may be of one time
		}
	}
	return append(keys, recordingKeys(c)...)
}

// allKeys returns all entries of a call, that by SID included.
func allKeys(c policy.Call, unindexed bool) []Edit {
	bySID := Edit{Bucket: indexBucket, Key: key(bySID).text(string(c.SID)), Value: placeOf(c)[:timeLength]}
	return slices.Concat([]Edit{bySID}, callKeys(c), searchKeys(c, unindexed))
}

// sameKeys reports whether two states of a call have the same entries in the index, without making them: most steps change none.
func sameKeys(a, b policy.Call) bool {
	return a.StartedAt.Equal(b.StartedAt) && a.Customer == b.Customer && a.Month == b.Month && a.From == b.From &&
		sameWrongNumbers(a, b) && sameRecordings(a, b) &&
		(nobodyRung(a, b) || sameSummary(a.Summary(), b.Summary()) && sameTalking(a, b))
}

// sameWrongNumbers reports whether two states of a call have the same entries among the wrong numbers.
func sameWrongNumbers(a, b policy.Call) bool {
	return slices.EqualFunc(a.WrongNumbers, b.WrongNumbers, time.Time.Equal) && (a.From == b.From || len(b.WrongNumbers) == 0)
}

// nobodyRung reports whether neither state has a leg or an act, and their tickets are the same: then their summaries are the same, and nobody
// talks.
func nobodyRung(a, b policy.Call) bool {
	return len(a.Legs)+len(b.Legs)+len(a.Acts)+len(b.Acts) == 0 && a.Ticket == b.Ticket
}

func sameTalking(a, b policy.Call) bool {
	since, talks := a.Talking()
	other, talked := b.Talking()
	return talks == talked && since.Equal(other)
}

func monthKey(m policy.Month) indexKey { return key(byMonth).part(string(m)) }

type indexKey []byte

func key(kind byte) indexKey { return append(make(indexKey, 0, 80), kind) }

// maxPart is how many bytes of a value from outside a key takes, far below bbolt's own bound. Nothing valid is longer; longer values share
// keys.
const maxPart = 200

// part appends text of any content, with its length first so that no other text can be mistaken for it.
func (k indexKey) part(s string) indexKey {
	s = s[:min(len(s), maxPart)]
	return append(append(k, byte(len(s))), s...)
}

// time appends a time so that keys sort by it: seconds since year 1, which are never negative, and nanoseconds.
func (k indexKey) time(t time.Time) indexKey {
	t = t.UTC()
	k = binary.BigEndian.AppendUint64(k, uint64(t.Unix()-time.Time{}.Unix()))
	return binary.BigEndian.AppendUint32(k, uint32(t.Nanosecond()))
}

const timeLength = 8 + 4

// wrongLength is the length of a wrong number's number in its call.
const wrongLength = 4

// readTime returns the time that k begins with.
func readTime(k []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(k))+time.Time{}.Unix(), int64(binary.BigEndian.Uint32(k[8:]))).UTC()
}

// text appends text that ends the key, or is followed by something that is not read back.
func (k indexKey) text(s string) indexKey { return append(k, s...) }

// span is a range of keys: from from up to, but not including, to. nil is no bound on that side.
type span struct {
	from, to []byte
	back     bool // from the last key to the first
	few      int  // as in Span
}

// under returns the span of the keys that begin with prefix.
func under(prefix []byte) span {
	end := bytes.Clone(prefix)
	for n := len(end); n > 0; n-- {
		if end[n-1] < 0xff {
			end[n-1]++
			return span{from: prefix, to: end[:n]}
		}
	}
	return span{from: prefix}
}

// of returns the span in a bucket.
func (r span) of(b Bucket) Span {
	return Span{Bucket: b, From: r.from, To: r.to, Back: r.back, Few: r.few}
}

func (r span) backwards() span {
	r.back = !r.back
	return r
}

// first returns the span for who reads so many of its entries.
func (r span) first(few int) span {
	r.few = max(0, few)
	return r
}

// behind returns what is left of the span behind a key of it.
func (r span) behind(k []byte) span {
	if r.back {
		r.to = bytes.Clone(k)
	} else {
		r.from = append(bytes.Clone(k), 0)
	}
	return r
}

// in iterates over the entries of a bucket. Keys and values are good until the transaction ends; the bucket must not be written to meanwhile.
func (r span) in(tx Reader, b Bucket) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		cursor := tx.Scan(r.of(b))[0]
		for k, v := cursor.Next(); k != nil && yield(k, v); k, v = cursor.Next() {
		}
	}
}

func (r span) isEmpty(tx Reader, b Bucket) bool { return r.count(tx, b, 1) == 0 }

func (r span) count(tx Reader, b Bucket, most int) int { return tx.Count(r.of(b), most) }

// visit calls f with the first entries of a bucket in the span, at most so many, and returns what is left of the span. done is that f saw all.
func (r span) visit(tx Reader, b Bucket, many int, f func(k, v []byte) error) (rest span, done bool, err error) {
	for k, v := range r.first(many).in(tx, b) {
		if err := f(k, v); err != nil {
			return r, false, err
		}
		if many--; many == 0 {
			return r.behind(k), false, nil
		}
	}
	return r, true, nil
}

// scan iterates over what read makes of a bucket's entries in a span. It reads so many of them at a time in a transaction of its own and takes
// no snapshot, so that a consumer may be as slow as it likes. An error ends the sequence.
func scan[T any](ctx context.Context, s *Store, bucket Bucket, r span, step int, read func(k, v []byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var page []T
		for done := false; !done; {
			s.options.Yield()
			var rest span
			err := s.view(ctx, func(tx Reader) (err error) {
				page = page[:0]
				rest, done, err = r.visit(tx, bucket, step, func(k, v []byte) error {
					found, err := read(k, v)
					page = append(page, found)
					return err
				})
				return err
			})
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			r = rest
			for _, found := range page {
				if !yield(found, nil) {
					return
				}
			}
		}
	}
}

// Wrong numbers are counted over ranges of the index, of one caller and of all callers. Each of the two ranges has a guard, which every change of
// wrong numbers rewrites: a count that is relied upon expects the guard as it was when the range was read.
func wrongGuard(caller string) string { return string(key(byWrong).part(caller)) }

var allWrongGuard = string(key(byWrongAt))

// exactly returns the span of one key.
func exactly(b Bucket, k string) Span {
	return Span{Bucket: b, From: []byte(k), To: append([]byte(k), 0), Few: 1}
}

// wrongSince returns the span of the entries under a prefix that are of a time or later.
func wrongSince(prefix indexKey, since time.Time, most int) Span {
	entries := under(prefix).first(most)
	entries.from = indexKey(bytes.Clone(prefix)).time(since)
	return entries.of(indexBucket)
}

// partOf returns the first part of a key.
func partOf(k []byte) []byte { return k[2 : 2+int(k[1])] }

// ngramLength is how many digits an n-gram of a number has: the fewest that a search takes.
const ngramLength = 4

// maxWordKey bounds a word in a key, in bytes; a longer word is found by its beginning.
const maxWordKey = 60

// ngrams returns the n-grams of a number, each once.
func ngrams(number string) []string {
	digits := searchable(policy.Phone(number))
	var parts []string
	for i := 0; i+ngramLength <= len(digits); i++ {
		parts = append(parts, digits[i:i+ngramLength])
	}
	slices.Sort(parts)
	return slices.Compact(parts)
}

// searchable returns the digits of a number that can be found by a part of it, or "" if it cannot.
func searchable(p policy.Phone) string {
	if !p.IsNumber() || len(p) <= ngramLength || len(p) > maxPart {
		return ""
	}
	return p.Full()[1:]
}

// words returns the words of a name, each once.
func words(name string) []string {
	found := policy.NameWords(name)
	for i, w := range found {
		found[i] = cutWord(w)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func cutWord(w string) string { return strings.ToValidUTF8(w[:min(len(w), maxWordKey)], "") }

func wordKey(kind byte, word string) indexKey { return append(key(kind).text(word), 0) }
