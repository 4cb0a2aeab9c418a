package console

import "github.com/stair-stepper/stair-stepper/orchestrator/internal/load"

// Observers tells several observers of the same run.
type Observers []load.Observer

// Begin implements load.Observer.
func (all Observers) Begin(e *load.Event) {
	for _, o := range all {
		o.Begin(e)
	}
}

// End implements load.Observer.
func (all Observers) End(e *load.Event) {
	for _, o := range all {
		o.End(e)
	}
}

// Observe joins observers, of which some may be nil; nil if all are.
func Observe(observers ...load.Observer) load.Observer {
	var all Observers
	for _, o := range observers {
		if o != nil {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
