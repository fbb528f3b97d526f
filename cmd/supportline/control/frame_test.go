package control

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// zeros is content without an end. It counts what was read of it.
type zeros struct{ read int }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.read += len(p)
	return len(p), nil
}

// TestAFrameOf16MBIsRefused: nobody makes the other side hold more than a frame may have.
func TestAFrameOf16MBIsRefused(t *testing.T) {
	var content zeros
	_, payload, err := readFrame(io.MultiReader(bytes.NewReader([]byte{frameInput, 1, 0, 0, 0}), &content))
	if err == nil || !strings.Contains(err.Error(), "a frame of 16777216 bytes") || payload != nil || content.read > 0 {
		t.Errorf("%v; %d bytes of it were read", err, content.read)
	}
}

// TestWhatIsLongerThanAFrameComesInSeveral: nothing of it is missing, and none of them is refused.
func TestWhatIsLongerThanAFrameComesInSeveral(t *testing.T) {
	for name, sent := range map[string][]byte{"nothing": {}, "a frame": bytes.Repeat([]byte{'a'}, maxFrame), "more": bytes.Repeat([]byte("abc"), maxFrame)} {
		var wire, got bytes.Buffer
		if err := (&frameWriter{w: &wire}).write(frameOutput, sent); err != nil {
			t.Fatal(err)
		}
		frames := 0
		for ; wire.Len() > 0; frames++ {
			kind, payload, err := readFrame(&wire)
			if err != nil || kind != frameOutput {
				t.Fatalf("%s: a frame %q: %v", name, kind, err)
			}
			got.Write(payload)
		}
		if want := max(1, len(sent)/maxFrame); !bytes.Equal(got.Bytes(), sent) || frames != want {
			t.Errorf("%s: %d of %d bytes came in %d frames, want %d", name, got.Len(), len(sent), frames, want)
		}
	}
}
