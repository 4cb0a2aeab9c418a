package plan

import "fmt"

// commands warns of each command of bash that takes in what a server says: as
// in drill it is put into the command as it is, so that it runs.
func (l *loader) commands() {
	said := make(map[string]bool) // variables that hold what a server says
	for _, s := range l.flow.steps {
		switch it := s.item.(type) {
		case *Request:
			said["cookies"] = true
			if it.Loop != nil {
				delete(said, "item")
			}
			if it.Assign != "" {
				said[it.Assign] = true
			}
		case *Assign:
			delete(said, it.Key) // its value is text of the plan
		case *Exec:
			takes := false
			for _, u := range s.uses {
				if !said[u.Path[0]] || isStatus(u) {
					continue
				}
				takes = true
				l.warnAt(u.shown, u.pos(), fmt.Sprintf("%s puts what a server says into a command, and bash runs it", short(u.Written)),
					"send this plan to servers that you trust alone; --no-exec refuses commands")
			}
			if it.Assign != "" {
				said[it.Assign] = takes
			}
		}
	}
}

// isStatus says whether a variable is the status of an answer, which is a
// number whatever the server does. A cookie may be called so too.
func isStatus(u use) bool {
	return len(u.Path) == 2 && u.Path[1] == "status" && u.Path[0] != "cookies"
}
