package fake_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/officernd/supportline/twilio/fake"
)

// silent are people who do nothing.
type silent struct{}

func (silent) Caller(fake.Moment) fake.Act       { return fake.Listen() }
func (silent) Specialist(string) fake.Specialist { return fake.Specialist{Status: "no-answer"} }
func (silent) Note(e fake.Event) {
	if e.Did == fake.Hears {
		fmt.Println(e.At.Format("15:04:05"), e.Who, e.Did, e.Text)
	}
}

func ExampleProvider_Call() {
	server := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, `<Response><Pause length="2"/><Say>Nobody is here.</Say></Response>`)
	})
	p := fake.Provider{
		AccountSID: "AC00000000000000000000000000000001", Token: "secret", Transport: fake.Straight(server),
		Clock: fake.NewVirtual(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)), People: silent{},
	}
	record, err := p.Call(context.Background(), fake.Incoming{
		From: "+442079460018", To: "+448000668187", Number: fake.Number{Voice: "https://support.example.com/voice"},
	})
	fmt.Println(record.Status, record.Seconds, err)
	// Output:
	// 10:00:02 caller hears Nobody is here.
	// completed 1 <nil>
}
