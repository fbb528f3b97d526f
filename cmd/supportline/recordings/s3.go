package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Bucket is a place in a store that speaks S3.
type Bucket struct {
	settings S3
	client   *minio.Client
}

// The bounds of talking to a store: how often one request is tried before a recording waits for its next turn, and, where nobody knows how
// long it is, in parts of which size it is sent, which is also what it takes of memory.
const (
	bucketTries = 2
	bucketPart  = 5 << 20
)

// NewBucket names a bucket. It asks nothing yet, and never makes one.
func NewBucket(s S3) (*Bucket, error) {
	client, err := minio.New(s.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""), Secure: !s.Plain, Region: s.Region, MaxRetries: bucketTries,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	return &Bucket{settings: s, client: client}, nil
}

// Name is the address of the bucket.
func (b *Bucket) Name() string { return b.settings.String() }

func (b *Bucket) key(file string) string {
	if b.settings.Prefix == "" {
		return file
	}
	return b.settings.Prefix + "/" + file
}

// Put sends the file; the store shows it when all of it has come. Its content is not signed on the way, which TLS makes needless and which not
// every store understands: what arrived is read back and compared by whoever puts it.
func (b *Bucket) Put(ctx context.Context, file, kind string, from io.Reader, size int64) error {
	o := minio.PutObjectOptions{ContentType: kind, NumThreads: 1, DisableContentSha256: true}
	if size < 0 {
		o.PartSize = bucketPart
	}
	_, err := b.client.PutObject(ctx, b.settings.Bucket, b.key(file), from, size, o)
	return err
}

// Open opens the file; it is read in pieces as they are wanted.
func (b *Bucket) Open(ctx context.Context, file string) (io.ReadSeekCloser, int64, error) {
	object, err := b.client.GetObject(ctx, b.settings.Bucket, b.key(file), minio.GetObjectOptions{})
	if err != nil {
		return nil, 0, missing(err)
	}
	info, err := object.Stat()
	if err != nil {
		_ = object.Close() // it was never there
		return nil, 0, missing(err)
	}
	return object, info.Size, nil
}

// Remove removes the file, and the parts of an upload that was cut off: nobody sees them, and they sound. A store that keeps versions hides it;
// how long it keeps them is the store's own setting.
func (b *Bucket) Remove(ctx context.Context, file string) (existed bool, err error) {
	if err := b.client.RemoveIncompleteUpload(ctx, b.settings.Bucket, b.key(file)); err != nil && !errors.Is(missing(err), fs.ErrNotExist) {
		return false, err
	}
	_, err = b.client.StatObject(ctx, b.settings.Bucket, b.key(file), minio.StatObjectOptions{})
	if err = missing(err); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	existed = err == nil
	return existed, b.client.RemoveObject(ctx, b.settings.Bucket, b.key(file), minio.RemoveObjectOptions{})
}

// Probe writes an object, reads it and removes it.
func (b *Bucket) Probe(ctx context.Context) error { return probe(ctx, b) }

// missing says of a file that is not there that it isn't, in the words of every place. A bucket that is not there is another matter.
func missing(err error) error {
	said := minio.ToErrorResponse(err)
	if said.StatusCode == http.StatusNotFound && said.Code != minio.NoSuchBucket {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}
