package plan

// Listing is what a plan holds, for a person to read.
type Listing struct {
	Tags  []string // of all items, sorted, each once
	Tasks []string // the items that the tags leave, as YAML, without a line break at the end
}

// List reads the plan as Load does and gives what it holds, files that it
// includes among it. That no item is left is no error here. The error is of
// type Errors.
func List(name string, opt Options) (*Listing, error) {
	return nil, Errors{{Msg: "not read yet"}}
}
