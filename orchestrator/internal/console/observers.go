package console

import "github.com/stair-stepper/stair-stepper/orchestrator/internal/load"

// observers tells several observers of the same run.
type observers []load.Observer

// Begin implements load.Observer.
func (all observers) Begin(e *load.Event) {
	for _, o := range all {
		o.Begin(e)
	}
}

// End implements load.Observer.
func (all observers) End(e *load.Event) {
	for _, o := range all {
		o.End(e)
	}
}

// observe joins observers, of which some may be nil; nil if all are.
func observe(list ...load.Observer) load.Observer {
	var all observers
	for _, o := range list {
		if o != nil {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
