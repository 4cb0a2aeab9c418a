/* encode.c: the tree as compact JSON, keys sorted, into a buffer that starts at
 * 128 bytes and doubles. */
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "document.h"

#define BUFFER_START 128

static bool reserve(struct heap *h, struct buffer *b, size_t more)
{
	size_t cap = b->cap;
	char *bytes;

	if (__builtin_expect(cap - b->len >= more, 1))
		return true;
	if (cap == 0) {
		bytes = heap_alloc(h, BUFFER_START);
		cap = BUFFER_START;
		if (bytes == NULL)
			return false;
		b->bytes = bytes;
		b->cap = cap;
	}
	while (cap - b->len < more) {
		bytes = heap_realloc(h, b->bytes, cap, 2 * cap);
		if (bytes == NULL)
			return false;
		cap *= 2;
		b->bytes = bytes;
		b->cap = cap;
	}
	return true;
}

static inline bool needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

/* Does any of the eight bytes need an escape? Each term has a high bit set if
 * some byte is below 0x20, is a quote or is a backslash. */
static inline bool word_needs_escape(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
	uint64_t quote = word ^ '"' * ones, slash = word ^ '\\' * ones;

	return (((word - 0x20 * ones) & ~word) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high;
}

/* Copies bytes up to the first that needs an escape and gives their number. The
 * caller has reserved 16 bytes more than len, for whole words are stored. */
static inline size_t copy_plain(char *to, const char *from, size_t len)
{
	size_t done = 0;

#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);

	for (; len - done >= 16; done += 16) {
		__m128i word = _mm_loadu_si128((const __m128i *)(from + done));
		__m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(word, quote), _mm_cmpeq_epi8(word, slash)),
			_mm_cmpeq_epi8(_mm_min_epu8(word, control), word));
		unsigned stop = (unsigned)_mm_movemask_epi8(hit);

		_mm_storeu_si128((__m128i *)(to + done), word);
		if (stop != 0)
			return done + (unsigned)__builtin_ctz(stop);
	}
#endif
	/* Most strings are short: from 8 bytes on two words that overlap cover the
	 * rest, from 4 on two halves of one. */
	size_t rest = len - done;
	if (rest >= 8 && rest < 16) {
		uint64_t first, last;
		memcpy(&first, from + done, 8);
		memcpy(&last, from + len - 8, 8);
		if (!word_needs_escape(first) && !word_needs_escape(last)) {
			memcpy(to + done, &first, 8);
			memcpy(to + len - 8, &last, 8);
			return len;
		}
	} else if (rest >= 4 && rest < 8) {
		uint32_t first, last;
		memcpy(&first, from + done, 4);
		memcpy(&last, from + len - 4, 4);
		if (!word_needs_escape((uint64_t)last << 32 | first)) {
			memcpy(to + done, &first, 4);
			memcpy(to + len - 4, &last, 4);
			return len;
		}
	}
	for (; done < len; done++) {
		if (needs_escape((unsigned char)from[done]))
			break;
		to[done] = from[done];
	}
	return done;
}

static char *put_escape(char *p, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char names[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

	*p++ = '\\';
	if (c == '"' || c == '\\') {
		*p++ = (char)c;
	} else if (names[c] != 0) {
		*p++ = names[c];
	} else {
		memcpy(p, "u00", 3);
		p[3] = hex[c >> 4];
		p[4] = hex[c & 15];
		p += 5;
	}
	return p;
}

static bool put_string(struct heap *h, struct buffer *b, const char *text, size_t len)
{
	/* Room for the quotes, a colon and a comma beside it, and for the words
	 * that copy_plain stores past its end. */
	if (!reserve(h, b, len + 24))
		return false;
	b->bytes[b->len++] = '"';
	for (size_t done = 0;;) {
		size_t plain = copy_plain(b->bytes + b->len, text + done, len - done);

		done += plain;
		b->len += plain;
		if (done == len)
			break;
		if (!reserve(h, b, len - done + 32))
			return false;
		b->len = (size_t)(put_escape(b->bytes + b->len, (unsigned char)text[done++]) - b->bytes);
	}
	b->bytes[b->len++] = '"';
	return true;
}

static bool put_text(struct heap *h, struct buffer *b, const char *text, size_t len)
{
	if (!reserve(h, b, len))
		return false;
	memcpy(b->bytes + b->len, text, len);
	b->len += len;
	return true;
}

static inline bool put_char(struct heap *h, struct buffer *b, char c)
{
	if (!reserve(h, b, 1))
		return false;
	b->bytes[b->len++] = c;
	return true;
}

static bool put_value(struct heap *h, struct buffer *b, const struct value *v);

static bool put_entries(struct heap *h, struct buffer *b, const struct node *node, bool *first)
{
	struct node *const *edges = node->height > 0 ? ((const struct inner *)node)->edges : NULL;

	for (size_t i = 0; i < node->len; i++) {
		if (edges != NULL && !put_entries(h, b, edges[i], first))
			return false;
		if (!*first && !put_char(h, b, ','))
			return false;
		*first = false;
		if (!put_string(h, b, node->keys[i].bytes, node->keys[i].len) || !put_char(h, b, ':') ||
			!put_value(h, b, &node->values[i]))
			return false;
	}
	return edges == NULL || put_entries(h, b, edges[node->len], first);
}

static bool put_value(struct heap *h, struct buffer *b, const struct value *v)
{
	bool first = true;

	switch ((enum kind)v->kind) {
	case KIND_NULL:
		return put_text(h, b, "null", 4);
	case KIND_FALSE:
		return put_text(h, b, "false", 5);
	case KIND_TRUE:
		return put_text(h, b, "true", 4);
	case KIND_INT:
	case KIND_UINT:
	case KIND_DOUBLE:
		if (!reserve(h, b, NUMBER_MAX))
			return false;
		b->len += number_format(v, b->bytes + b->len);
		return true;
	case KIND_STRING:
		return put_string(h, b, v->as.string.bytes, v->as.string.len);
	case KIND_ARRAY:
		if (!put_char(h, b, '['))
			return false;
		for (size_t i = 0; i < v->as.array.len; i++)
			if ((i > 0 && !put_char(h, b, ',')) || !put_value(h, b, &v->as.array.items[i]))
				return false;
		return put_char(h, b, ']');
	case KIND_OBJECT:
		return put_char(h, b, '{') &&
			(v->as.object.root == NULL || put_entries(h, b, v->as.object.root, &first)) && put_char(h, b, '}');
	}
	return true;
}

bool document_encode(struct heap *h, struct document *doc)
{
	return put_value(h, &doc->bytes, &doc->tree);
}
