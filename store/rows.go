package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// Reporting is implemented by engines whose entries people read with SQL. There the store keeps a row for each call that ended, which is an entry that
// follows from the call as those of the indexes do: a JSON object under the call's place. No row is read by the program.
type Reporting interface{ Reports() bool }

// Reports reports whether people read the calls with SQL, so that ReportUnder and FillReports have something to do.
func (s *Store) Reports() bool {
	r, ok := s.engine.(Reporting)
	return ok && r.Reports()
}

// rowsOf returns the entries of a call in the bucket of rows, none where the engine wants none.
func (s *Store) rowsOf(c policy.Call, unindexed bool) []Edit {
	if !s.Reports() {
		return nil
	}
	return rowKeys(c, unindexed)
}

// Keys of the bucket rows that are no places, which begin with a zero byte.
const byMatter = 'm' // customer, month, ticket, place: the calls that may add the phone ticket (rule 3), of which the first one does

var (
	limitsRow = []byte("limits") // what over_long depends on
	peopleRow = []byte("people") // what specialist_name depends on
)

// rowKeys returns the entries of a call in the bucket of rows: none while it goes on.
func rowKeys(c policy.Call, unindexed bool) (keys []Edit) {
	if c.End().IsZero() && unindexed {
		return nil
	}
	row := struct {
		policy.ReportRow
		Matter string `json:"matter,omitempty"`
	}{ReportRow: c.ReportRow()}
	row.AnsweredAt, row.EndedAt = readable(row.AnsweredAt), readable(row.EndedAt)
	place := placeOf(c)
	if of := c.Summary().Matter(); row.InUsage && of != "" {
		matter := key(byMatter).part(string(c.Customer)).part(string(c.Month)).part(of)
		row.Matter = hex.EncodeToString(matter)
		keys = append(keys, Edit{Bucket: rowsBucket, Key: append(matter, place...)})
	}
	value, err := json.Marshal(row)
	if err != nil { // nothing that a call holds leads here, and no call fails for its report
		return nil
	}
	return append(keys, Edit{Bucket: rowsBucket, Key: place, Value: withoutNUL(value)})
}

// readable returns nil for a time in the year 0, which a call can hold and a database does not take: one row that cannot be read would keep all from
// being read.
func readable(t *time.Time) *time.Time {
	if t != nil && t.Year() < 1 {
		return nil
	}
	return t
}

// withoutNUL replaces the one character that JSON can have and a text of PostgreSQL cannot.
func withoutNUL(row []byte) []byte {
	if !bytes.Contains(row, []byte(`\u0000`)) {
		return row
	}
	var fields map[string]any
	read := json.NewDecoder(bytes.NewReader(row))
	read.UseNumber()
	if err := read.Decode(&fields); err != nil {
		return row
	}
	for name, value := range fields {
		if text, ok := value.(string); ok {
			fields[name] = strings.ReplaceAll(text, "\x00", "\uFFFD")
		}
	}
	clean, _ := json.Marshal(fields) // of what was just read
	return clean
}

// reportsKey has the version of the rows once all calls have theirs, reportsNextKey where the next step of filling them in begins.
var (
	reportsKey     = []byte("rows")
	reportsNextKey = []byte("rows-next")
)

// reportsVersion is that of the rows' content. Rows of another one are written anew.
const reportsVersion = "1"

// fillStep is how many calls one transaction looks at, so that no caller waits for it long.
const fillStep = 250

// FillReports writes the rows that calls lack, as all do after they came from an engine without reports. It works in bounded steps, each complete, and
// goes on where it was left; several processes may do it at once. Where all rows are there, it reads two entries.
func (s *Store) FillReports(ctx context.Context) error {
	if !s.Reports() {
		return nil
	}
	for done := false; !done; s.options.Yield() {
		filled, err := fetch(ctx, s, func(tx Reader) (bool, error) { return string(tx.Get(metaBucket, reportsKey)) == reportsVersion, nil })
		if err != nil || filled {
			return err
		}
		done, err = update(ctx, s, func(t *step) (bool, error) { return fillReports(t.tx) })
		if err != nil {
			return err
		}
	}
	return nil
}

func fillReports(tx Writer) (done bool, err error) {
	var edits []Edit
	rest, done, err := span{from: bytes.Clone(tx.Get(metaBucket, reportsNextKey))}.visit(tx, callsBucket, fillStep, func(k, v []byte) error {
		r, err := readRecord(k, v)
		unindexed := r.Call.End().IsZero() && tx.Get(searchBucket, unindexedKey(k)) != nil
		if keys := rowKeys(r.Call, unindexed); len(keys) > 0 {
			edits = append(edits, keys...)
			edits = append(edits, Edit{Bucket: callsBucket, Key: k, Value: v}) // the same: a change of the call meanwhile makes this step run again
		}
		return err
	})
	if err != nil {
		return false, err
	}
	for _, e := range edits {
		tx.Put(e.Bucket, e.Key, e.Value)
	}
	if done {
		tx.Put(metaBucket, reportsKey, []byte(reportsVersion))
		tx.Delete(metaBucket, reportsNextKey)
	} else {
		tx.Put(metaBucket, reportsNextKey, rest.from)
	}
	return done, nil
}

// ReportUnder makes the limits and the names known that are in force, for the columns over_long and specialist_name.
func (s *Store) ReportUnder(ctx context.Context, in policy.Settings) error {
	if !s.Reports() {
		return nil
	}
	limits, err := json.Marshal(map[string]int64{"call_limit_seconds": int64(in.FairUse.CallLimit / time.Second)})
	if err != nil {
		return err
	}
	people, err := json.Marshal(reportedPeople(in))
	if err != nil {
		return err
	}
	return s.write(ctx, func(tx Writer) error {
		for _, e := range []Edit{{Key: limitsRow, Value: limits}, {Key: peopleRow, Value: people}} {
			if !bytes.Equal(tx.Get(rowsBucket, e.Key), e.Value) {
				tx.Put(rowsBucket, e.Key, e.Value)
			}
		}
		return nil
	})
}

// peopleReport is the specialists' names by ID, and their IDs by address.
type peopleReport struct {
	Names     map[policy.PersonID]string `json:"names"`
	Addresses map[string]policy.PersonID `json:"addresses"`
}

func reportedPeople(in policy.Settings) peopleReport {
	found := peopleReport{map[policy.PersonID]string{}, map[string]policy.PersonID{}}
	for _, p := range in.People {
		found.Names[p.ID] = p.Name
		for _, to := range []policy.Phone{p.Phone, p.SMS} {
			if owner, ok := in.PersonAt(to); ok {
				found.Addresses[to.Full()] = owner.ID
			}
		}
	}
	return found
}

// prepareRows removes the rows that came with a copy to an engine without reports: nobody would keep them up to date there.
func (s *Store) prepareRows(ctx context.Context) error {
	if s.Reports() {
		return nil
	}
	marks := [][]byte{reportsKey, reportsNextKey}
	came, err := fetch(ctx, s, func(tx Reader) (bool, error) {
		return slices.ContainsFunc(marks, func(k []byte) bool { return tx.Get(metaBucket, k) != nil }), nil
	})
	if err != nil || !came {
		return err
	}
	return s.engine.Update(ctx, func(tx Writer) error {
		tx.Clear(rowsBucket)
		for _, k := range marks {
			tx.Delete(metaBucket, k)
		}
		return nil
	})
}
