package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Bucket is a bucket of a store that speaks S3.
type S3Bucket struct {
	settings S3
	client   *minio.Client
}

// bucketTries bounds the attempts of one request; after them the recording waits for its next attempt. A recording of unknown length is sent
// in parts of bucketPart bytes, each of which is held in memory.
const (
	bucketTries = 2
	bucketPart  = 5 << 20
)

// NewS3Bucket returns the bucket of the settings. It makes no request yet, and never creates the bucket.
func NewS3Bucket(s S3) (*S3Bucket, error) {
	client, err := minio.New(s.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""), Secure: !s.Plain, Region: s.Region, MaxRetries: bucketTries,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	return &S3Bucket{settings: s, client: client}, nil
}

// Name returns the address of the bucket.
func (b *S3Bucket) Name() string { return b.settings.String() }

func (b *S3Bucket) key(file string) string {
	if b.settings.Prefix == "" {
		return file
	}
	return b.settings.Prefix + "/" + file
}

// Put sends the file, which the store shows once all of it has arrived. The content is not signed on the way: TLS makes that needless, not every
// store supports it, and the caller reads the file back and compares.
func (b *S3Bucket) Put(ctx context.Context, file, kind string, from io.Reader, size int64) error {
	o := minio.PutObjectOptions{ContentType: kind, NumThreads: 1, DisableContentSha256: true}
	if size < 0 {
		o.PartSize = bucketPart
	}
	_, err := b.client.PutObject(ctx, b.settings.Bucket, b.key(file), from, size, o)
	return err
}

// Open opens the file. It is fetched in pieces as it is read.
func (b *S3Bucket) Open(ctx context.Context, file string) (io.ReadSeekCloser, int64, error) {
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

// Remove removes the file and the parts of an upload that was interrupted, which are not listed but can be heard. A store with versioning only
// hides the file; how long it keeps versions is a setting of the store.
func (b *S3Bucket) Remove(ctx context.Context, file string) (existed bool, err error) {
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

// List returns the objects of the bucket, below its prefix alone.
func (b *S3Bucket) List(ctx context.Context, prefix string) (all []Listed, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of the listing, after an error
	for object := range b.client.ListObjects(ctx, b.settings.Bucket, minio.ListObjectsOptions{Prefix: b.key(prefix)}) {
		if object.Err != nil {
			return nil, object.Err
		}
		if !strings.HasSuffix(object.Key, "/") { // a folder, as some stores list it
			all = append(all, Listed{path.Base(object.Key), object.Size})
		}
	}
	return all, nil
}

// Probe writes an object, reads it and removes it.
func (b *S3Bucket) Probe(ctx context.Context) error { return probe(ctx, b) }

// missing turns the store's error for a file that does not exist into fs.ErrNotExist. A bucket that does not exist remains an error of its own.
func missing(err error) error {
	said := minio.ToErrorResponse(err)
	if said.StatusCode == http.StatusNotFound && said.Code != minio.NoSuchBucket {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}
