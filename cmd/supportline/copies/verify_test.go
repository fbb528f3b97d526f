package copies

import "context"

// Verify reads a whole backup, and compares it with its checksums. rest is called from time to time; it may be nil.
func Verify(ctx context.Context, file string, rest func()) (Record, error) {
	e, r, err := open(ctx, file)
	if err != nil {
		return r, err
	}
	defer e.Close()
	return r, refused(file, r.verify(ctx, e, rest))
}
