/* scan.c: strings, numbers and words of JSON text, and where it goes wrong. */
#include <stdio.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "parser.h"

/* Fails with the last byte looked at as the place. */
bool fail_at(struct parser *ps, const char *at, int kind, const char *reason)
{
	struct failure *f = ps->failure;
	const char *line_start = ps->start;

	f->kind = kind;
	f->reason = reason;
	f->line = 1;
	for (const char *c = ps->start; c < at; c++) {
		if (*c == '\n') {
			f->line++;
			line_start = c + 1;
		}
	}
	f->column = (size_t)(at - line_start);
	return false;
}

/* The place is what was consumed so far. */
bool fail(struct parser *ps, const char *reason)
{
	return fail_at(ps, ps->p, FAILURE_SYNTAX, reason);
}

/* The place is the next byte, which cannot stand here, or the end. */
bool fail_peek(struct parser *ps, const char *reason)
{
	return fail_at(ps, ps->p < ps->end ? ps->p + 1 : ps->end, FAILURE_SYNTAX, reason);
}

bool fail_memory(struct parser *ps)
{
	return fail_at(ps, ps->p, FAILURE_MEMORY, "out of memory");
}

static void path_push(struct failure *f, const char *text, size_t len, bool separate)
{
	if (f->path_full || len + 1 > f->path_start) {
		f->path_full = true; /* a path beyond the field lacks its front */
		return;
	}
	if (separate && f->path_start < PATH_MAX_BYTES && f->path[f->path_start] != '[')
		f->path[--f->path_start] = '.';
	f->path_start -= len;
	if (len > 0)
		memcpy(&f->path[f->path_start], text, len);
}

bool path_key(struct parser *ps, const char *key, size_t len)
{
	path_push(ps->failure, key, len, true);
	return false;
}

bool path_index(struct parser *ps, size_t index)
{
	char text[32];
	struct failure *f = ps->failure;
	int len = snprintf(text, sizeof text, "[%zu]", index);

	path_push(f, text, (size_t)len, true);
	return false;
}

/* Skips to the next quote, backslash or control character, or to the end.
 * Gathers the high bits of what it passed in *high. */
static inline const char *scan_string(const char *p, const char *end, unsigned *high)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);

	while (end - p >= 16) {
		__m128i word = _mm_loadu_si128((const __m128i *)p);
		__m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(word, quote), _mm_cmpeq_epi8(word, slash)),
			_mm_cmpeq_epi8(_mm_min_epu8(word, control), word));
		unsigned stop = (unsigned)_mm_movemask_epi8(hit), top = (unsigned)_mm_movemask_epi8(word);

		if (stop != 0) {
			unsigned n = (unsigned)__builtin_ctz(stop);
			*high |= top & ((1u << n) - 1);
			return p + n;
		}
		*high |= top;
		p += 16;
	}
#endif
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == '"' || c == '\\' || c < 0x20)
			break;
		*high |= c & 0x80;
	}
	return p;
}

/* Well-formed UTF-8 as the Unicode standard's table 3-7 has it: no overlong
 * forms, no surrogates, nothing beyond U+10FFFF. */
static bool utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + len;

	while (p < end) {
		unsigned char c = *p;
		unsigned char low = 0x80, high = 0xbf;
		int more;

		if (c < 0x80) {
			p++;
			continue;
		}
		if (c >= 0xc2 && c <= 0xdf) {
			more = 1;
		} else if ((c & 0xf0) == 0xe0) {
			more = 2;
			if (c == 0xe0)
				low = 0xa0;
			if (c == 0xed)
				high = 0x9f;
		} else if (c >= 0xf0 && c <= 0xf4) {
			more = 3;
			if (c == 0xf0)
				low = 0x90;
			if (c == 0xf4)
				high = 0x8f;
		} else {
			return false;
		}
		if (end - p <= more || p[1] < low || p[1] > high)
			return false;
		for (int i = 2; i <= more; i++)
			if ((p[i] & 0xc0) != 0x80)
				return false;
		p += more + 1;
	}
	return true;
}

static bool scratch_add(struct parser *ps, const char *text, size_t len)
{
	struct buffer *s = &ps->scratch;

	if (s->cap - s->len < len) {
		size_t cap = s->cap > 0 ? s->cap : 64;
		while (cap - s->len < len)
			cap *= 2;
		char *bytes = s->cap > 0 ? heap_realloc(ps->h, s->bytes, s->cap, cap) : heap_alloc(ps->h, cap);
		if (bytes == NULL)
			return fail_memory(ps);
		s->bytes = bytes;
		s->cap = cap;
	}
	if (len > 0)
		memcpy(s->bytes + s->len, text, len);
	s->len += len;
	return true;
}

static bool parse_hex4(struct parser *ps, uint32_t *code)
{
	if (ps->end - ps->p < 4) {
		ps->p = ps->end;
		return fail(ps, "EOF while parsing a string");
	}
	*code = 0;
	for (int i = 0; i < 4; i++) {
		char c = ps->p[i], lower = c | 0x20;
		uint32_t digit;

		if (c >= '0' && c <= '9') {
			digit = (uint32_t)(c - '0');
		} else if (lower >= 'a' && lower <= 'f') {
			digit = (uint32_t)(lower - 'a' + 10);
		} else {
			ps->p += 4;
			return fail(ps, "invalid escape");
		}
		*code = *code << 4 | digit;
	}
	ps->p += 4;
	return true;
}

/* \u has been consumed. */
static bool parse_unicode_escape(struct parser *ps)
{
	uint32_t code, low;
	char utf8[4];
	size_t len;

	if (!parse_hex4(ps, &code))
		return false;
	if (ps->ignoring)
		return true;
	if (code >= 0xdc00 && code <= 0xdfff)
		return fail(ps, "lone leading surrogate in hex escape");
	if (code >= 0xd800 && code <= 0xdbff) {
		const char pair[] = {'\\', 'u'};
		for (int i = 0; i < 2; i++) {
			if (ps->p == ps->end)
				return fail(ps, "EOF while parsing a string");
			if (*ps->p++ != pair[i])
				return fail(ps, "unexpected end of hex escape");
		}
		if (!parse_hex4(ps, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(ps, "lone leading surrogate in hex escape");
		code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
	}
	if (code < 0x80) {
		utf8[0] = (char)code;
		len = 1;
	} else if (code < 0x800) {
		utf8[0] = (char)(0xc0 | code >> 6);
		utf8[1] = (char)(0x80 | (code & 0x3f));
		len = 2;
	} else if (code < 0x10000) {
		utf8[0] = (char)(0xe0 | code >> 12);
		utf8[1] = (char)(0x80 | (code >> 6 & 0x3f));
		utf8[2] = (char)(0x80 | (code & 0x3f));
		len = 3;
	} else {
		utf8[0] = (char)(0xf0 | code >> 18);
		utf8[1] = (char)(0x80 | (code >> 12 & 0x3f));
		utf8[2] = (char)(0x80 | (code >> 6 & 0x3f));
		utf8[3] = (char)(0x80 | (code & 0x3f));
		len = 4;
	}
	return scratch_add(ps, utf8, len);
}

static bool parse_escape(struct parser *ps)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c;

	if (ps->p == ps->end)
		return fail(ps, "EOF while parsing a string");
	c = *ps->p++;
	if (c == 'u')
		return parse_unicode_escape(ps);
	at = c != '\0' ? strchr(names, c) : NULL;
	if (at == NULL)
		return fail(ps, "invalid escape");
	return scratch_add(ps, &values[at - names], 1);
}

/* The opening quote has been consumed. */
bool parse_string(struct parser *ps, struct slice *out)
{
	const char *from = ps->p;
	unsigned high = 0;

	ps->scratch.len = 0;
	for (;;) {
		ps->p = scan_string(ps->p, ps->end, &high);
		if (ps->p == ps->end)
			return fail(ps, "EOF while parsing a string");
		if (*ps->p == '"')
			break;
		if (*ps->p != '\\') {
			ps->p++;
			return fail(ps, "control character (\\u0000-\\u001F) found while parsing a string");
		}
		if (!scratch_add(ps, from, (size_t)(ps->p - from)))
			return false;
		ps->p++;
		if (!parse_escape(ps))
			return false;
		from = ps->p;
	}
	*out = (struct slice){from, (size_t)(ps->p - from)};
	if (ps->scratch.len > 0) {
		if (!scratch_add(ps, from, out->len))
			return false;
		*out = (struct slice){ps->scratch.bytes, ps->scratch.len};
	}
	ps->p++;
	if (high != 0 && !ps->ignoring && !utf8_valid(out->text, out->len))
		return fail(ps, "invalid unicode code point");
	return true;
}

/* A copy in a block of its exact length; NULL, and true, for an empty slice. */
bool copy_slice(struct parser *ps, struct slice s, char **copy)
{
	*copy = NULL;
	if (s.len == 0)
		return true;
	*copy = heap_alloc(ps->h, s.len);
	if (*copy == NULL)
		return fail_memory(ps);
	memcpy(*copy, s.text, s.len);
	return true;
}

static inline bool is_digit(const struct parser *ps, const char *p)
{
	return p < ps->end && *p >= '0' && *p <= '9';
}

/* Finds the end of a number by JSON's grammar and leaves p behind it. */
bool skip_number(struct parser *ps)
{
	if (*ps->p == '-')
		ps->p++;
	if (ps->p == ps->end)
		return fail(ps, "EOF while parsing a value");
	if (!is_digit(ps, ps->p)) {
		ps->p++;
		return fail(ps, "invalid number");
	}
	if (*ps->p++ == '0') {
		if (is_digit(ps, ps->p))
			return fail_peek(ps, "invalid number");
	} else {
		while (is_digit(ps, ps->p))
			ps->p++;
	}
	if (ps->p < ps->end && *ps->p == '.') {
		ps->p++;
		if (!is_digit(ps, ps->p))
			return fail_peek(ps, ps->p < ps->end ? "invalid number" : "EOF while parsing a value");
		while (is_digit(ps, ps->p))
			ps->p++;
	}
	if (ps->p < ps->end && (*ps->p == 'e' || *ps->p == 'E')) {
		ps->p++;
		if (ps->p < ps->end && (*ps->p == '+' || *ps->p == '-'))
			ps->p++;
		if (ps->p == ps->end)
			return fail(ps, "EOF while parsing a value");
		if (!is_digit(ps, ps->p)) {
			ps->p++;
			return fail(ps, "invalid number");
		}
		while (is_digit(ps, ps->p))
			ps->p++;
	}
	return true;
}

/* The first letter of word has been seen, not consumed. */
bool parse_word(struct parser *ps, const char *word)
{
	for (ps->p++, word++; *word != '\0'; word++) {
		if (ps->p == ps->end)
			return fail(ps, "EOF while parsing a value");
		if (*ps->p++ != *word)
			return fail(ps, "expected ident");
	}
	return true;
}
