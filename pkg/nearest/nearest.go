// Package nearest finds what a mistyped word was meant to be.
package nearest

import "strings"

// Word returns the candidate closest to a mistyped word, or "" if none is
// close: at most two letters, and at most a third of the word, may differ.
func Word(word string, candidates []string) string {
	word = strings.ToLower(strings.ReplaceAll(word, "_", "-"))
	best, distance := "", min(2, len(word)/3)+1
	for _, candidate := range candidates {
		if d := Distance(word, strings.ToLower(candidate), distance); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// Distance counts the bytes to insert, delete, replace or swap with a neighbor
// to turn a into b. It is exact only below limit; above, it is at least limit.
func Distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
