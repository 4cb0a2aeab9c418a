// Package document is a JSON document as a tree of C-heap blocks: Parse, Clone,
// Encode and Free are one call into C each. Number and sizes of the blocks are
// those of a typical service (document.h), because they are the work that the
// allocators are compared under.
package document

// #cgo CFLAGS: -I${SRCDIR}/../malloc -Wall
// #cgo LDFLAGS: -lm
// #include "document.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/stair-stepper/stair-stepper/services/stepper/internal/malloc"
)

// ErrMemory says that malloc gave no block. Nothing stays allocated.
var ErrMemory = errors.New("out of memory")

// Error says why a body could not be read.
type Error struct {
	Data   bool   // well-formed, but not what is expected
	Path   string // to the value that could not be read, such as payload.items[3]; empty at the top
	Reason string
	Line   int // from 1
	Column int // in bytes, from 1; 0 before the first byte
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s at line %d column %d", e.Reason, e.Line, e.Column)
	if e.Path == "" {
		return text
	}
	return e.Path + ": " + text
}

// Document is what a request holds on the C heap: the tree, its clone and the
// serialised bytes. The zero value is empty. It must be freed, by any worker.
type Document struct{ c C.struct_document }

// Parser reads bodies. It belongs to one worker.
type Parser struct{ failure C.struct_failure }

// Parse reads {"payload": ...} from body, which must lie outside the Go heap,
// into doc. A body that cannot be read is an *Error.
func (p *Parser) Parse(h *malloc.Heap, doc *Document, body unsafe.Pointer, size int) error {
	if C.document_parse(heap(h), &doc.c, (*C.char)(body), C.size_t(size), &p.failure) {
		return nil
	}
	f := &p.failure
	if f.kind == C.FAILURE_MEMORY {
		return ErrMemory
	}
	path := C.GoStringN(&f.path[0], C.PATH_MAX_BYTES)[f.path_start:]
	return &Error{
		Data:   f.kind == C.FAILURE_DATA,
		Path:   path,
		Reason: C.GoString(f.reason),
		Line:   int(f.line),
		Column: int(f.column),
	}
}

// Clone makes a deep copy of the tree, which the document keeps.
func (d *Document) Clone(h *malloc.Heap) error {
	if !C.document_clone(heap(h), &d.c) {
		return ErrMemory
	}
	return nil
}

// Encode writes the tree as compact JSON with sorted keys to the document's
// bytes.
func (d *Document) Encode(h *malloc.Heap) error {
	if !C.document_encode(heap(h), &d.c) {
		return ErrMemory
	}
	return nil
}

// CopyTo makes the tree of an empty document a deep copy of this one's.
func (d *Document) CopyTo(h *malloc.Heap, to *Document) error {
	if !C.document_copy(heap(h), &to.c, &d.c) {
		return ErrMemory
	}
	return nil
}

// Size is the length of the encoded bytes.
func (d *Document) Size() int { return int(d.c.bytes.len) }

// Bytes copies the encoded bytes to the Go heap. It is for tests, which cannot
// call C themselves.
func (d *Document) Bytes() []byte {
	return C.GoBytes(unsafe.Pointer(d.c.bytes.bytes), C.int(d.c.bytes.len))
}

// Free releases bytes, clone and tree, and leaves the document empty.
func (d *Document) Free(h *malloc.Heap) { C.document_free(heap(h), &d.c) }

func heap(h *malloc.Heap) *C.struct_heap { return (*C.struct_heap)(h.Pointer()) }
