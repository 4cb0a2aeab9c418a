//go:build !race

package lab

// raceDetector says that the tests run under it.
const raceDetector = false
