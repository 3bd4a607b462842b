package policy

import (
	"os"
	"sync"
)

// Unfinished are the files that have not appeared under their names yet, for a
// process that ends at once. The zero value is ready; nil keeps none. Its
// methods may be called on any goroutine.
type Unfinished struct {
	mu    sync.Mutex
	paths map[string]struct{}
	gone  bool
}

// add notes a file by its temporary path, and done forgets it.
func (u *Unfinished) add(path string) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.gone {
		_ = os.Remove(path) // the process is about to end
		return
	}
	if u.paths == nil {
		u.paths = map[string]struct{}{}
	}
	u.paths[path] = struct{}{}
}

func (u *Unfinished) done(path string) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.paths, path)
}

// Remove removes them all, and those that are still begun.
func (u *Unfinished) Remove() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.gone = true
	for path := range u.paths {
		_ = os.Remove(path) // there is nobody left to tell
	}
}
