package demo

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"

	"github.com/emersion/go-smtp"
)

// maxLetter bounds a letter, in bytes.
const maxLetter = 1 << 20

// mailbox is a mail server that delivers whatever comes to the page, until the listener closes.
func (o *Outside) mailbox(l net.Listener) {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letter{outside: o}, nil }))
	s.Domain, s.MaxMessageBytes, s.AllowInsecureAuth = "localhost", maxLetter, true
	_ = s.Serve(l) // ends as the listener is closed
}

// letter is one conversation.
type letter struct {
	outside *Outside
	to      []string
}

func (l *letter) Mail(string, *smtp.MailOptions) error { return nil }

func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.to = append(l.to, to)
	return nil
}

func (l *letter) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	l.outside.arrived(arrival{Kind: kindMail, To: strings.Join(l.to, ", "), Subject: subject, Text: plainPart(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), body)})
	return nil
}

func (l *letter) Reset() { l.to = nil }

func (*letter) Logout() error { return nil }

// plainPart returns the plain text of a letter.
func plainPart(kind, encoding string, body []byte) string {
	media, parameters, err := mime.ParseMediaType(kind)
	if err != nil || !strings.HasPrefix(media, "multipart/") {
		if strings.EqualFold(encoding, "quoted-printable") {
			if plain, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))); err == nil {
				body = plain
			}
		}
		return string(body)
	}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := parts.NextPart() // which decodes quoted-printable
		if err != nil {
			return ""
		}
		if media, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); media == "text/plain" {
			text, _ := io.ReadAll(part) // as much as there is
			return string(text)
		}
	}
}
