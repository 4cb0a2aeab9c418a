package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stair-stepper/stair-stepper/services/stepper/internal/document"
)

// widgets answers POST /widgets: parse, clone, serialise, sleep, free.
type widgets struct {
	pool    *pool
	staging stagingPool
	sleep   time.Duration
	log     *slog.Logger
	held    atomic.Int64 // documents alive now
	ballast ballast
}

// answer is the body of a 201.
type answer struct {
	ID   string `json:"id"`
	Size int    `json:"size"` // of the payload, serialised compactly, in bytes
}

func (h *widgets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isJSON(r.Header.Get("Content-Type")) {
		text(w, http.StatusUnsupportedMediaType, "Expected request with `Content-Type: application/json`")
		return
	}
	body, err := h.staging.get()
	if err != nil {
		h.fault(w, err)
		return
	}
	size, err := readBody(r, body.bytes)
	if err != nil {
		h.unstage(body, size)
		if errors.Is(err, errTooLong) {
			// A client that writes all before it reads should see the answer.
			_, _ = io.CopyN(io.Discard, r.Body, maxBody)
			text(w, http.StatusRequestEntityTooLarge, "Failed to buffer the request body: length limit exceeded")
			return
		}
		text(w, http.StatusBadRequest, "Failed to buffer the request body: "+err.Error())
		return
	}

	var doc document.Document
	var excess []document.Document
	queue := h.pool.pick()
	queue.run(func(worker *worker) {
		if err = r.Context().Err(); err != nil { // nobody waits for it any more
			return
		}
		before := h.ballast.before(worker.heap)
		if err = build(worker, &doc, body, size); err == nil {
			excess = h.ballast.take(worker.heap, &doc, before)
		}
	})
	h.unstage(body, size)
	if err != nil {
		h.refuse(w, err)
		return
	}
	h.held.Add(1)
	encoded := doc.Size()
	wait(r, h.sleep)
	queue.run(func(worker *worker) {
		doc.Free(worker.heap)
		for i := range excess {
			excess[i].Free(worker.heap)
		}
	})
	h.held.Add(-1)

	reply, err := json.Marshal(answer{ID: newUUID(), Size: encoded})
	if err != nil {
		h.fault(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, http.StatusCreated, reply)
}

// build does all of a request's allocating, as one job without a gap. On
// failure nothing stays allocated.
func build(w *worker, doc *document.Document, body *staging, size int) error {
	if err := w.parser.Parse(w.heap, doc, body.pointer(), size); err != nil {
		return err
	}
	if err := doc.Clone(w.heap); err != nil {
		doc.Free(w.heap)
		return err
	}
	if err := doc.Encode(w.heap); err != nil {
		doc.Free(w.heap)
		return err
	}
	return nil
}

// wait sleeps, but not for a client that is gone.
func wait(r *http.Request, d time.Duration) {
	if d == 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

var errTooLong = errors.New("length limit exceeded")

// readBody fills buf, which has room for one byte more than a body may have, and
// says how far it came, also with an error.
func readBody(r *http.Request, buf []byte) (int, error) {
	if r.ContentLength > maxBody {
		return 0, errTooLong
	}
	n := 0
	for n <= maxBody {
		got, err := r.Body.Read(buf[n : maxBody+1])
		n += got
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return n, err
		}
	}
	if n > maxBody {
		return n, errTooLong
	}
	return n, nil
}

// unstage gives a staging buffer back. That it could not be unmapped is no
// concern of the client's, so the log is all there is to tell.
func (h *widgets) unstage(body *staging, size int) {
	if err := h.staging.put(body, size); err != nil {
		h.log.Error("staging", "error", err)
	}
}

// refuse answers for a body that could not be read.
func (h *widgets) refuse(w http.ResponseWriter, err error) {
	var bad *document.Error
	switch {
	case !errors.As(err, &bad):
		h.fault(w, err)
	case bad.Data:
		text(w, http.StatusUnprocessableEntity, "Failed to deserialize the JSON body into the target type: "+bad.Error())
	default:
		text(w, http.StatusBadRequest, "Failed to parse the request body as JSON: "+bad.Error())
	}
}

// fault answers for something that the client cannot help.
func (h *widgets) fault(w http.ResponseWriter, err error) {
	h.log.Error("widget", "error", err)
	text(w, http.StatusInternalServerError, "internal error: "+err.Error())
}

// isJSON accepts application/json and application/*+json, with any parameters.
func isJSON(contentType string) bool {
	// A malformed parameter does not make the type another one.
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	subtype, ok := strings.CutPrefix(mediaType, "application/")
	return ok && (subtype == "json" || strings.HasSuffix(subtype, "+json"))
}

// newUUID makes a random UUID, version 4 of RFC 9562.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the process where there is no randomness
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}

func text(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	write(w, status, []byte(message))
}

// write sends a whole answer. A client that does not take it is no concern of
// the service.
func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
