// Package plans is the folder of the plan files that benchmark.yml includes. It
// holds no code: the files come from the program in gen.
package plans

//go:generate go run ./gen
