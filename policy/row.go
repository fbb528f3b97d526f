package policy

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Row is a call as people and programs are shown it, with the names of the JSON and CSV exports. Times are UTC, durations are whole seconds,
// and an unknown value is nil, never 0.
type Row struct {
	SID          CallSID         `json:"sid"`
	Line         string          `json:"line"`
	From         string          `json:"from"`
	Customer     *CustomerNumber `json:"customer"`
	Account      *string         `json:"account"`
	Intent       *Intent         `json:"intent"`
	Ticket       *Ticket         `json:"ticket"`
	Outcome      *Outcome        `json:"outcome"`
	StartedAt    *time.Time      `json:"started_at"`
	AnsweredAt   *time.Time      `json:"answered_at"` // the specialist's acceptance
	EndedAt      *time.Time      `json:"ended_at"`
	TalkSeconds  *int            `json:"talk_seconds"`
	WaitSeconds  *int            `json:"wait_seconds"`
	TotalSeconds *int            `json:"total_seconds"`
	Specialist   *string         `json:"specialist"`
	// SpecialistName is the name that the configuration has now, and that of then of a person whom it has no more.
	SpecialistName *string         `json:"specialist_name"`
	OverLong       bool            `json:"over_long"`
	Waived         bool            `json:"waived"`
	Training       bool            `json:"training"`
	Counted        bool            `json:"counted"` // this very call adds a phone ticket to Month
	Month          *Month          `json:"month"`
	OnFile         *CustomerNumber `json:"on_file"` // the account that the caller's number was on file of; it never identifies (rule 12)
	// CallBackOf is the call whose caller was called back with this one. From is then who is called back, and WaitSeconds is nil.
	CallBackOf *CallSID `json:"callback_of"`
}

// Row returns a call as a row. counted is whether fair use counts it as a ticket.
func (s Settings) Row(c Call, counted bool) Row {
	row := c.row(s.FairUse, counted)
	if leg, ok := c.Accepted(); ok {
		row.SpecialistName = orNil(s.LegName(leg))
	}
	return row
}

// TakenBy returns who took the call: by name, else by number, "" for nobody.
func (r Row) TakenBy() string {
	for _, who := range []*string{r.SpecialistName, r.Specialist} {
		if who != nil {
			return *who
		}
	}
	return ""
}

// row returns the call as a row without names of specialists.
func (c Call) row(fair FairUse, counted bool) Row {
	row := Row{
		SID: c.SID, Line: c.Line.Full(), From: c.From.Full(),
		Customer: orNil(c.Customer), Account: orNil(c.Account), Intent: orNil(c.Intent), Ticket: orNil(c.Ticket),
		Outcome: orNil(c.Outcome()), StartedAt: TimeOrNil(c.StartedAt), EndedAt: TimeOrNil(c.End()), Month: orNil(c.Month),
		OverLong: c.overLong(fair), Waived: c.Waived, Training: c.Training, Counted: counted,
		OnFile: orNil(c.OnFile), CallBackOf: orNil(c.CallBackOf),
	}
	if leg, ok := c.Accepted(); ok {
		row.AnsweredAt, row.Specialist = TimeOrNil(leg.AcceptedAt), orNil(leg.To.Full())
	}
	if s, _, ok := c.Talk(); ok {
		row.TalkSeconds = &s
	}
	if s, ok := c.Wait(); ok {
		row.WaitSeconds = &s
	}
	if s, ok := c.total(); ok {
		row.TotalSeconds = &s
	}
	return row
}

// mapped returns what a function makes of each value; no values are an empty list and not nil, which JSON would write as null.
func mapped[T, U any](values []T, to func(T) U) []U {
	all := make([]U, len(values))
	for i, v := range values {
		all[i] = to(v)
	}
	return all
}

// orNil returns nil for a text that is not known.
func orNil[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

// TimeOrNil returns nil for a time that is not known, and any other in UTC and whole seconds.
func TimeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// FullRow is a call with what a row leaves out: the message, the recordings, and what people did to it.
type FullRow struct {
	Row
	Message    *Recording  `json:"message"`
	Recordings []Recording `json:"recordings"`
	Acts       []Act       `json:"acts"`
}

// FullRow returns a call as a full row. counted is whether fair use counts it as a ticket.
func (s Settings) FullRow(c Call, counted bool) FullRow {
	return FullRow{
		Row: s.Row(c, counted), Message: c.Message, Recordings: append([]Recording{}, c.Recordings...), Acts: append([]Act{}, c.Acts...),
	}
}

// Masked returns the row for those who may not see telephone numbers: those in people's own words are masked too.
func (r FullRow) Masked() FullRow {
	r.Row = r.Row.Masked()
	r.Acts = mapped(r.Acts, Act.Masked)
	return r
}

// WithoutAudio returns the row for those who may not play recordings: the recordings are counted, and not located.
func (r FullRow) WithoutAudio() FullRow {
	if r.Message != nil {
		m := r.Message.unheard()
		r.Message = &m
	}
	r.Recordings = mapped(r.Recordings, Recording.unheard)
	return r
}

func (m Recording) unheard() Recording { return Recording{SID: m.SID, Seconds: m.Seconds, At: m.At} }

// Masked returns the row for those who may not see telephone numbers: the caller's and the specialist's are masked. The line's is public.
func (r Row) Masked() Row {
	r.From = Phone(r.From).String()
	if r.Specialist != nil {
		masked := Phone(*r.Specialist).String()
		r.Specialist = &masked
	}
	return r
}

// ReportRow is a finished call as it is kept for people who read with SQL: what follows from the call alone. What depends on other calls or on what the
// configuration has now, SpecialistName, Counted and OverLong, is left out of the JSON; who reads adds it.
type ReportRow struct {
	Row
	SpecialistName   *string `json:"specialist_name,omitempty"`
	OverLong         *bool   `json:"over_long,omitempty"`
	Counted          *bool   `json:"counted,omitempty"`
	FromMasked       string  `json:"from_masked"`
	SpecialistMasked *string `json:"specialist_masked"`
	// Person is the ID of the specialist who was rung, and PersonName the name of then.
	Person     PersonID `json:"person,omitempty"`
	PersonName string   `json:"person_name,omitempty"`
	InUsage    bool     `json:"in_usage"` // it is a served call of an account's month: tickets and all other figures are of those
	Test       bool     `json:"test"`
}

// ReportRow returns the call as a row for reports.
func (c Call) ReportRow() ReportRow {
	row, summary := c.row(FairUse{}, false), c.Summary()
	masked := row.Masked()
	leg, _ := c.Accepted()
	return ReportRow{
		Person: leg.Person, PersonName: leg.Name,
		Row: row, FromMasked: masked.From, SpecialistMasked: masked.Specialist, Test: c.Test(), InUsage: summary.counts() && c.Month != "",
	}
}

// WriteJSON writes the values as one JSON array, one value a line, each as soon as it is there. After an error the array is not closed.
func WriteJSON[T any](w io.Writer, values iter.Seq2[T, error]) error {
	out := bufio.NewWriter(w)
	before := "[\n"
	for v, err := range values {
		if err != nil {
			return err
		}
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		out.WriteString(before)
		if _, err := out.Write(text); err != nil {
			return err // nobody reads on
		}
		before = ",\n"
	}
	if before == "[\n" {
		out.WriteString("[")
	}
	out.WriteString("\n]\n")
	return out.Flush()
}

// WriteCSV writes the rows, which are structs, under a header of their JSON names, each row as soon as it is there. A cell that a spreadsheet
// would take for a formula becomes text. See Columns and Cells.
func WriteCSV[T any](w io.Writer, rows iter.Seq2[T, error]) error {
	var row T
	value, columns := reflect.ValueOf(&row).Elem(), columnsOf(reflect.TypeFor[T]())
	cells := Columns[T]()
	out := csv.NewWriter(w)
	if err := out.Write(cells); err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		row = r
		for i, c := range columns {
			cells[i] = harmless(c.cell(value.FieldByIndex(c.field)))
		}
		if err := out.Write(cells); err != nil {
			return err // nobody reads on
		}
	}
	out.Flush()
	return out.Error()
}

// harmless keeps a spreadsheet from taking a cell for a formula: a leading quote makes it text. A telephone number stays as it is,
// because a plus and digits are no formula worth fearing and other programs read the column.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) || Phone(cell).IsNumber() {
		return cell
	}
	return "'" + cell
}

// Columns returns the names of a struct's columns: the JSON names of its fields, in their order, without those that JSON leaves out.
func Columns[T any]() []string {
	return mapped(columnsOf(reflect.TypeFor[T]()), func(c column) string { return c.name })
}

// Cells returns a struct's fields as texts, in the order of Columns: times in RFC 3339 and UTC to the second, and nothing for a nil pointer
// or a zero time. It panics if a field is neither text, a whole number, a truth value, a time, nor a pointer to one.
func Cells[T any](row T) []string {
	value := reflect.ValueOf(&row).Elem()
	return mapped(columnsOf(value.Type()), func(c column) string { return c.cell(value.FieldByIndex(c.field)) })
}

type column struct {
	name  string
	field []int
	cell  func(reflect.Value) string
}

func columnsOf(row reflect.Type) []column {
	var columns []column
	for _, field := range reflect.VisibleFields(row) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" && !field.Anonymous {
			columns = append(columns, column{name, field.Index, cellOf(field.Type)})
		}
	}
	return columns
}

// cellOf returns how a value of a type is written. The value must be addressable, which spares a copy of each time.
func cellOf(t reflect.Type) func(reflect.Value) string {
	if t == reflect.TypeFor[time.Time]() {
		return func(v reflect.Value) string { return timeText(*v.Addr().Interface().(*time.Time)) }
	}
	switch t.Kind() {
	case reflect.String:
		return reflect.Value.String
	case reflect.Bool:
		return func(v reflect.Value) string { return strconv.FormatBool(v.Bool()) }
	case reflect.Int, reflect.Int64:
		return func(v reflect.Value) string { return strconv.FormatInt(v.Int(), 10) }
	case reflect.Pointer:
		cell := cellOf(t.Elem())
		return func(v reflect.Value) string {
			if v.IsNil() {
				return ""
			}
			return cell(v.Elem())
		}
	}
	panic("policy: no cell shows a " + t.String())
}

// timeText returns a time in RFC 3339 and UTC, nothing for the zero time.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
