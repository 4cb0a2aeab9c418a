package plan

// WithBase gives a copy of p whose URLs that begin with a slash go to another
// base. The error is of type Errors.
func (p *Plan) WithBase(base string) (*Plan, error) {
	return nil, Errors{{Msg: "not read yet"}}
}
