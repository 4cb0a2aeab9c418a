package main

// The events of one body all allocate alike. Read into a tree, as most JSON
// libraries do, an event is
//
//   - an object of 22 keys and three objects of 2 keys each: 28 keys, of which
//     3 have up to 2 bytes, 8 have 3-4, 14 have 5-8 and 3 have 9-16;
//   - an array of 7 strings and the array of the three objects;
//   - 25 strings, on average 1.28 of 1-2 bytes, 2.3 of 3-4, 6 of 5-8, 6.42 of
//     9-16, 5 of 17-32, 3 of 33-64 and 1 of 257-512;
//   - 8 numbers, booleans and nulls.
//
// The longest text takes up what is missing to the size of the body.

// maker writes the values of one event.
type maker struct {
	*random
	writer
	index int // of the event in its body
}

// field is one key of an event. A field with a nil make is the longest text.
type field struct {
	key  string
	make func(m maker) string
}

// text makes a field with a string of low to high bytes.
func text(key string, low, high int, source func(r *random) string) field {
	return field{key, func(m maker) string {
		return m.quote(within(low, high, func() string { return source(m.random) }))
	}}
}

// oneOf makes a field with a string from a list.
func oneOf(key string, low, high int, list []string) field {
	return text(key, low, high, func(r *random) string { return r.pick(list) })
}

// plain makes a field with a value that is no string.
func plain(key string, source func(r *random) string) field {
	return field{key, func(m maker) string { return source(m.random) }}
}

var (
	eventID   = text("id", 17, 32, func(r *random) string { return "evt_" + r.hex(r.between(16, 24)) })
	eventTime = plain("ts", func(r *random) string { return "17" + r.digits(11) })
	signature = text("signature", 33, 64, func(r *random) string { return "sha256=" + r.hex(r.between(40, 56)) })
	tags      = field{"tags", labels}
)

// payment, shipment and push are the three kinds of event, in the key order of
// their producers.
var (
	payment = []field{
		eventID,
		oneOf("type", 17, 32, payments),
		plain("v", func(r *random) string { return r.digits(1) }),
		eventTime,
		plain("live", (*random).boolean),
		text("account", 9, 16, func(r *random) string { return "acct_" + r.hex(r.between(6, 10)) }),
		plain("amount", (*random).number),
		oneOf("currency", 3, 4, currencies),
		oneOf("status", 5, 8, states),
		oneOf("mode", 5, 8, modes),
		text("customer", 17, 32, person),
		text("email", 33, 64, email),
		oneOf("country", 1, 2, countries),
		text("iban", 17, 32, func(r *random) string { return r.pick(countries) + r.digits(r.between(18, 22)) }),
		oneOf("merchant", 9, 16, merchants),
		{"lines", func(m maker) string { return m.triple("sku", "price") }},
		plain("balance", (*random).number),
		tags,
		{key: "description"},
		text("receipt", 33, 64, func(r *random) string { return link(r, "receipts") }),
		text("fingerprint", 17, 32, func(r *random) string { return r.hex(r.between(20, 32)) }),
		signature,
	}
	shipment = []field{
		oneOf("type", 17, 32, shipments),
		eventID,
		eventTime,
		plain("n", func(r *random) string { return r.digits(r.between(1, 3)) }),
		text("tracking", 17, 32, func(r *random) string { return "TRK" + r.digits(r.between(16, 22)) }),
		oneOf("carrier", 9, 16, carriers),
		oneOf("service", 17, 32, services),
		oneOf("status", 5, 8, states),
		oneOf("zone", 3, 4, zones),
		oneOf("from", 9, 16, cities),
		oneOf("via", 5, 8, couriers),
		plain("weight", (*random).number),
		plain("volume", (*random).number),
		{"parcels", func(m maker) string { return m.triple("box", "height") }},
		plain("insured", (*random).boolean),
		text("recipient", 17, 32, person),
		text("address", 33, 64, address),
		oneOf("country", 1, 2, countries),
		text("contact", 33, 64, email),
		{key: "instructions"},
		tags,
		signature,
	}
	push = []field{
		text("delivery_id", 17, 32, func(r *random) string { return r.hex(r.between(20, 32)) }),
		oneOf("type", 17, 32, pushes),
		eventID,
		oneOf("action", 5, 8, actions),
		oneOf("repo", 9, 16, repos),
		oneOf("ref", 9, 16, refs),
		oneOf("branch", 5, 8, branches),
		text("sha", 33, 64, func(r *random) string { return r.hex(40) }),
		text("author", 17, 32, person),
		text("committer", 17, 32, person),
		plain("commits", func(r *random) string { return r.digits(r.between(1, 2)) }),
		plain("added", (*random).number),
		plain("forced", (*random).boolean),
		oneOf("language", 3, 4, languages),
		{"files", func(m maker) string { return m.triple("sha", "delta") }},
		{key: "message"},
		text("compare", 33, 64, func(r *random) string { return link(r, "compare") }),
		plain("pr", func(r *random) string { return r.pick([]string{"null", r.digits(2), r.digits(4)}) }),
		eventTime,
		oneOf("region", 1, 2, countries),
		tags,
		signature,
	}
)

// triple writes the array of three objects, each a text and a number.
func (m maker) triple(id, amount string) string {
	var values []string
	for range 3 {
		code := within(9, 16, func() string { return m.pick(tagWords) + "-" + m.hex(m.between(4, 8)) })
		values = append(values, m.object([]member{{id, m.quote(code)}, {amount, m.number()}}))
	}
	return array(values)
}

// labels writes the array of seven strings. The length of the last one varies
// from event to event so that the averages come out.
func labels(m maker) string {
	length := func(low, high int) string {
		return m.quote(within(low, high, func() string { return m.pick(tagWords) }))
	}
	coded := m.quote(within(9, 16, func() string { return m.pick(tagWords) + ":" + m.digits(4) }))
	values := []string{length(5, 8), length(3, 4), length(5, 8), coded, length(5, 8), length(5, 8)}
	switch n := m.index * 37 % 50; {
	case n < 14:
		values = append(values, m.quote(m.digits(m.between(1, 2))))
	case n < 29:
		values = append(values, length(3, 4))
	default:
		values = append(values, m.quote(within(9, 16, func() string { return m.pick(tagWords) + "-" + m.pick(tagWords) })))
	}
	return array(values)
}

// events writes a body of count events and about size bytes.
func events(r *random, count, size int) string {
	const head, tail = `{"payload":`, `}`
	size -= len(head) + len(tail) + len("[]")
	var values []string
	for i := range count {
		v := event(maker{r, writer{ascii: r.chance(3), slashes: r.chance(8)}, i}, size/(count-i)-len(","))
		size -= len(v) + len(",")
		values = append(values, v)
	}
	return head + array(values) + tail
}

// event writes one event of about size bytes.
func event(m maker, size int) string {
	fields := [][]field{payment, shipment, push}[m.below(3)]
	members := make([]member, len(fields))
	longest := -1
	for i, f := range fields {
		members[i].key = f.key
		if f.make == nil {
			longest = i
			continue
		}
		members[i].value = f.make(m)
	}
	// The text may take from 257 to 512 bytes of memory. The size that it has
	// here is a little more, for it counts quotes and escapes.
	room := min(max(size-len(m.object(members)), 290), 480)
	members[longest].value = m.quote(within(257, 512, func() string { return prose(m.random, m.writer, room) }))
	return m.object(members)
}
