package copies

// BackupFlags are those of "backup".
type BackupFlags struct {
	File string `arg:"" name:"FILE" help:"The backup, a new file."`
}

// Help shows how a backup is made.
func (BackupFlags) Help() string {
	return `Copies everything into one file, also while servers work: what it holds is of one moment. It is made by the
server where one has the store's file open. The recordings' sound is not in it.

Example:

    supportline backup /var/backups/supportline-monday.db`
}

// RestoreFlags are those of "restore".
type RestoreFlags struct {
	File string `arg:"" name:"FILE" help:"A backup."`
	Yes  bool   `help:"Do it without a question."`
}

// Help shows what restoring does.
func (RestoreFlags) Help() string {
	return `Puts a backup in the place of the store. Stop every server first. The backup is compared with its checksums
before anything is touched, and what was there is kept under another name.

Customers who were erased since the backup was made are erased again. Everybody has to sign in again; who was
disabled, and which tokens were revoked, stays so. Notices that wait in the backup are held back.

Example:

    supportline restore /var/backups/supportline-monday.db`
}

// CompactFlags are those of "compact".
type CompactFlags struct{}

// Help shows what compacting does.
func (CompactFlags) Help() string {
	return `Rewrites the store's file without the room that removed calls left in it. Stop the server first. It needs as
much room beside the file as the file uses; an error leaves the file as it was.

Example:

    supportline compact`
}

// MigrateFlags are those of "migrate".
type MigrateFlags struct {
	To string `required:"" placeholder:"URL" help:"An empty database, postgres://USER@HOST/DATABASE, or a new file, bolt:PATH. A password comes from PGPASSWORD."`
}

// Help shows how a store moves.
func (MigrateFlags) Help() string {
	return `Copies the store into a database, or from a database into a file, and compares each part by its checksum.
Stop every server first. What was cut off goes on when the same command runs again. The store itself stays as
it is: write the new one as store into the configuration when it is done.

Examples:

    supportline migrate --to postgres://supportline@db.example.com/supportline
    supportline migrate --to bolt:data/supportline.db`
}
