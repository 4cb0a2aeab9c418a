package load

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// begin forgets the iteration before.
func (c *composer) begin(iteration string) {
	c.base, c.cookies, c.own, c.moved = c.prog.base, nil, nil, false
	if c.prog.scoped {
		c.scope.Reset()
		c.scope.Set("iteration", iteration)
		c.scope.Set("base", c.prog.base)
	}
}

// set gives a variable a value. Two of them are more than names for values.
func (c *composer) set(name string, value any) {
	switch name {
	case "base":
		c.base, c.moved = value, true
	case "cookies":
		c.cookies, c.own = value, nil
	}
	if c.prog.scoped {
		c.scope.Set(name, value)
	}
}

// compose gives the request as it is to be sent now. It is valid until the next
// one is put together.
func (c *composer) compose(r *request) (*call, error) {
	located := r.located && !(r.relative && c.moved)
	if r.fixed != nil && located && c.cookies == nil {
		return r.fixed, nil
	}
	c.call = call{method: r.Method, url: r.url, shown: r.shown, route: r.route, body: r.body, fields: c.call.fields[:0]}
	if !located {
		if err := c.locate(r); err != nil {
			return nil, err
		}
	}
	if r.body == nil {
		var err error
		if c.text, err = r.Body.Text.Append(c.text[:0], c.scope, c.prog.unknown); err != nil {
			return nil, err
		}
		c.call.body = c.text
	}
	if err := c.fields(r); err != nil {
		return nil, err
	}
	c.head = c.call.seal(c.head)
	return &c.call, nil
}

// locate works out where the request goes.
func (c *composer) locate(r *request) error {
	text, err := r.URL.Render(c.scope, c.prog.unknown)
	if err != nil {
		return err
	}
	var url weburl.URL
	if strings.HasPrefix(text, "/") {
		base, isText := c.base.(string)
		if !isText {
			return errors.New("the variable base is not a text")
		}
		text, url, err = behind(base, text)
	} else {
		url, err = weburl.Parse(text)
	}
	c.call.shown = weburl.WithoutUser(text)
	if err != nil {
		return urlError(err)
	}
	c.call.url, c.call.route = url, c.prog.route(url)
	return nil
}

// urlError names what is wrong with a URL, without what it quotes of it: that
// may be a secret.
func urlError(err error) error {
	if errors.Is(err, weburl.ErrScheme) {
		return fmt.Errorf("the url %w", err)
	}
	return errors.New("the url " + weburl.Unquoted(err))
}

// fields lists the header fields. What the plan says takes the place of what
// would be sent by itself: host, user-agent, accept, a cookie, authorization
// where the URL holds a user and password, and content-length. A plan's
// transfer-encoding is left out, since the body goes out as it is.
func (c *composer) fields(r *request) error {
	url := &c.call.url
	fields := append(c.call.fields, Field{"host", url.HostHeader()}, Field{"user-agent", "drill"}, Field{"accept", "*/*"})
	if url.User != "" || url.Password != "" {
		fields = append(fields, Field{"authorization", basic(url.User, url.Password)})
	}
	if c.cookies != nil {
		line, err := c.cookieLine(url.Origin())
		if err != nil {
			return err
		}
		if line != "" {
			fields = append(fields, Field{"cookie", line})
		}
	}
	for i := range r.Headers {
		value, err := r.Headers[i].Value.Render(c.scope, c.prog.unknown)
		if err != nil {
			return err
		}
		if !plan.IsFieldValue(value) {
			// The value itself may be a secret, so it is not shown.
			return fmt.Errorf("header %s has a value with control characters", r.names[i])
		}
		if r.names[i] != "transfer-encoding" {
			fields = set(fields, Field{r.names[i], strings.Trim(value, " \t")})
		}
	}
	c.call.fields = fields
	return nil
}
