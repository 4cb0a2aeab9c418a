package report

import "fmt"

// noteLocal says that there were no containers where that was not asked for.
func (r *Report) noteLocal() {
	why := r.Exp.Environment.Instead
	if why == "" {
		return
	}
	r.note(CodeLocal, fmt.Sprintf("variants ran as local processes, without containers, and with the libraries of this machine where no suite was named: %s; --engine docker insists on Docker", prose(why, mostWords)), []string{ColVariant})
}
