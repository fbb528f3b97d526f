package server

import (
	"io"
	"log"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLogger returns a logger that writes one JSON object a line. Telephone numbers mask themselves when they are logged (policy.Phone).
func NewLogger(w io.Writer) *zap.Logger {
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoding), zapcore.Lock(zapcore.AddSync(w)), zap.InfoLevel))
}

// Lines that anybody can cause, who only has to reach a listener, must not fill a disk. Of each message the first ones of a minute are written,
// and of what comes beyond them every hundredth. The metrics count everything.
const (
	sampledEach  = time.Minute
	sampledFirst = 20
	sampledThen  = 100
)

// sampled returns a logger for such lines. Each line that follows others that were left out has their number, as left_out.
func sampled(log *zap.Logger) *zap.Logger {
	left := new(atomic.Int64)
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		counted := zapcore.SamplerHook(func(_ zapcore.Entry, decided zapcore.SamplingDecision) {
			if decided&zapcore.LogDropped != 0 {
				left.Add(1)
			}
		})
		return zapcore.NewSamplerWithOptions(leftOut{core, left}, sampledEach, sampledFirst, sampledThen, counted)
	}))
}

// leftOut adds to a line how many were left out since the last one.
type leftOut struct {
	zapcore.Core
	lines *atomic.Int64
}

func (c leftOut) With(fields []zapcore.Field) zapcore.Core {
	return leftOut{c.Core.With(fields), c.lines}
}

func (c leftOut) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return to.AddCore(e, c)
	}
	return to
}

func (c leftOut) Write(e zapcore.Entry, fields []zapcore.Field) error {
	if n := c.lines.Swap(0); n > 0 {
		fields = append(fields, zap.Int64("left_out", n))
	}
	return c.Core.Write(e, fields)
}

// listenerLog returns the log of a listener for the standard library. Its lines name the address of whoever sent garbage, so that no two are
// alike: they become a field of one message, by which they are sampled.
func listenerLog(to *zap.Logger) *log.Logger { return log.New(listenerLines{to}, "", 0) }

type listenerLines struct{ to *zap.Logger }

func (l listenerLines) Write(line []byte) (int, error) {
	l.to.Warn("a connection failed", zap.String("why", strings.TrimSpace(string(line))))
	return len(line), nil
}
