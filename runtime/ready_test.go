package runtime

import "testing"

// A consumer that is always one behind must not make the queue grow.
func TestReadyStaysSmall(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		q := ready{next: 1}
		for i := 1; i <= 20; i++ {
			q.push(&Result{Index: i})
		}
		for i := 1; i <= 100_000; i++ {
			q.push(&Result{Index: 20 + i})
			if r := q.take(ordered); r == nil || r.Index != i {
				t.Fatalf("ordered %v: took %v, want %d", ordered, r, i)
			}
		}
		if q.len() != 20 || cap(q.items) > 128 {
			t.Errorf("ordered %v: %d left in room for %d", ordered, q.len(), cap(q.items))
		}
		for _, r := range q.items[:q.head] {
			if r != nil {
				t.Fatal("a result that was handed out is kept")
			}
		}
	}
}
