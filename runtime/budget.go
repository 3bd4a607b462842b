package runtime

import (
	"sync"
	"sync/atomic"
)

// A run may repeat retryReserve attempts freely; after that one for every ten
// requests. When everything fails, retries would otherwise multiply the load
// on whatever is already in trouble.
const (
	retryReserve = 1000
	retryCost    = 10 // what a retry takes, where a request earns 1
)

// retryBudget is what a run has left for retries. The zero value is full.
type retryBudget struct {
	spent  atomic.Int64 // 0 … retryReserve·retryCost
	warned sync.Once
}

// earn is called for each request; while nothing was spent it only looks.
func (b *retryBudget) earn() {
	for {
		now := b.spent.Load()
		if now == 0 || b.spent.CompareAndSwap(now, now-1) {
			return
		}
	}
}

// spend takes one retry, or reports that there is none left.
func (b *retryBudget) spend() bool {
	if b.spent.Add(retryCost) <= retryReserve*retryCost {
		return true
	}
	b.spent.Add(-retryCost)
	return false
}
