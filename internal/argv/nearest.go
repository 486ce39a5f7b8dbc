package argv

// nearest returns the candidate that word most likely was meant to be, "" when
// none is close.
func nearest(word string, candidates []string) string {
	const longest = 40 // nobody misspells a word of that length into a short one
	if len(word) < 2 || len(word) > longest {
		return ""
	}
	best, name := len(word)/3+1, ""
	for _, c := range candidates {
		if d := distance(word, c); d < best || d == best && name == "" {
			best, name = d, c
		}
	}
	return name
}

// distance counts the insertions, deletions, substitutions and swaps of
// neighbours between a and b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
