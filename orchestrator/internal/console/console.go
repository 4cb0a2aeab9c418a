// Package console is what people who know drill see of a run: the banner, a
// line for each item, the statistics, and what this project adds after them.
package console
