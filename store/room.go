package store

// A block that the file system has to find during a commit makes that commit wait for the file system's own journal. So the file is
// filled with zeros before bbolt needs the place: once when it is opened, and then in small steps ahead of what is used. Only place behind
// the file's end is ever filled.
const (
	roomStep  = 1 << 20
	roomAhead = 2 << 20 // a batch writes less
)

var zeros = make([]byte, roomStep)

// makeRoom gives the file its first size.
func (s *Store) makeRoom() error {
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	s.ready = info.Size()
	if err := s.fill(int64(s.options.Size)); err != nil {
		return err
	}
	return s.file.Sync()
}

// growAhead keeps room behind the bytes that are used. Where there is none left, the commit goes on: it may need less, and says why if it
// fails.
func (s *Store) growAhead(used int64) {
	if s.ready-used < roomAhead {
		_ = s.fill(used + roomAhead + roomStep)
	}
}

func (s *Store) fill(size int64) error {
	info, err := s.file.Stat() // bbolt may have made it larger meanwhile
	if err != nil {
		return err
	}
	s.ready = max(s.ready, info.Size())
	for s.ready < size {
		n, err := s.file.WriteAt(zeros[:min(roomStep, size-s.ready)], s.ready)
		s.ready += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}
